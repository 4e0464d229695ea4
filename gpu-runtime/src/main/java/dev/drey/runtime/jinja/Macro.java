package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A macro, or the body of a {@code call} block. Sees the variables of the place where it is
 * defined, as they are when it is called.
 */
final class Macro implements Function {
  /**
   * What a macro's head says.
   *
   * @param uses which of {@code varargs}, {@code kwargs} and {@code caller} the body mentions: only
   *     then are such arguments taken
   */
  record Signature(String name, List<Parameter> parameters, Set<String> uses) {}

  /** A parameter; without a default it is undefined when not given. */
  record Parameter(String name, @Nullable Expression whenAbsent) {}

  private final Signature signature;
  private final List<Statement> body;
  private final Frame home;

  Macro(Signature signature, List<Statement> body, Frame home) {
    this.signature = signature;
    this.body = body;
    this.home = home;
  }

  @Nullable Object attribute(String name) {
    return name.equals("name") ? signature.name() : null;
  }

  @Override
  public Object call(Rendering rendering, Arguments arguments) {
    rendering.budget().enter();
    int calledFrom = rendering.line();
    Frame frame = home.inner();
    bind(frame, arguments);
    String text = rendering.captured(() -> frame.run(body));
    rendering.reached(calledFrom);
    rendering.budget().leave();
    return text;
  }

  private void bind(Frame frame, Arguments arguments) {
    List<Object> positional = arguments.positional();
    Map<String, Object> keywords = new LinkedHashMap<>(arguments.keywords());
    List<Parameter> absent = new ArrayList<>();
    List<Parameter> parameters = signature.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      Object value = i < positional.size() ? positional.get(i) : keywords.remove(parameter.name());
      if (value != null) {
        frame.set(parameter.name(), value);
      } else {
        absent.add(parameter);
        frame.set(parameter.name(), notGiven(parameter.name()));
      }
    }
    // Only now: a default may name the parameters before it.
    for (Parameter parameter : absent) {
      if (parameter.whenAbsent() != null) {
        frame.set(parameter.name(), frame.evaluate(parameter.whenAbsent()));
      }
    }
    bindRest(frame, positional, keywords);
  }

  private static Undefined notGiven(String parameter) {
    return new Undefined("parameter '" + Shown.name(parameter) + "' was not provided");
  }

  private void bindRest(Frame frame, List<Object> positional, Map<String, Object> keywords) {
    int taken = Math.min(positional.size(), signature.parameters().size());
    if (signature.uses().contains("caller")) {
      Object caller = keywords.remove("caller");
      frame.set("caller", caller != null ? caller : new Undefined("No caller defined"));
    }
    if (signature.uses().contains("varargs")) {
      frame.set("varargs", new Tuple(positional.subList(taken, positional.size())));
    } else if (taken < positional.size()) {
      throw JinjaException.failed(
          "macro '%s' takes at most %d arguments, not %d"
              .formatted(Shown.name(signature.name()), taken, positional.size()));
    }
    if (signature.uses().contains("kwargs")) {
      frame.set("kwargs", new LinkedHashMap<Object, Object>(keywords));
    } else if (!keywords.isEmpty()) {
      throw JinjaException.failed(
          "macro '%s' takes no keyword argument '%s'"
              .formatted(
                  Shown.name(signature.name()), Shown.name(keywords.keySet().iterator().next())));
    }
  }
}
