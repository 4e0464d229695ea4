package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call. */
final class Functions {
  private static final int LONGEST_RANGE = 100_000;
  private static final int LONGEST_MESSAGE = 1000;

  private static final Map<String, Function> ALL =
      Map.of(
          "range", Functions::range,
          "dict", Functions::dict,
          "namespace", Functions::namespace,
          "raise_exception", Functions::raise,
          "strftime_now", Functions::strftime);

  private Functions() {}

  static @Nullable Function named(String name) {
    return ALL.get(name);
  }

  private static Object range(Rendering rendering, Arguments arguments) {
    Parameters bounds = arguments.bind("range", "start", "stop", "step");
    boolean one = bounds.find("stop") == null;
    long start = one ? 0 : bounds.integer("start", 0);
    long stop = bounds.integer(one ? "start" : "stop", 0);
    long step = bounds.integer("step", 1);
    if (bounds.find("start") == null || step == 0) {
      throw JinjaException.failed("range needs a bound, and a step other than 0");
    }
    List<Object> numbers = new ArrayList<>();
    long i = start;
    boolean overflows = false;
    while (!overflows && (step > 0 ? i < stop : i > stop)) {
      if (numbers.size() == LONGEST_RANGE) {
        throw JinjaException.limit("a range of more than " + LONGEST_RANGE + " numbers");
      }
      numbers.add(i);
      long next = i + step;
      overflows = step > 0 ? next < i : next > i; // then it is beyond any bound
      i = next;
    }
    return rendering.budget().made(numbers);
  }

  private static Object dict(Rendering rendering, Arguments arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (!(source instanceof Map<?, ?> other) || arguments.positional().size() > 1) {
        throw JinjaException.failed("dict takes one dict and keyword arguments");
      }
      other.forEach(map::put);
    }
    map.putAll(arguments.keywords());
    rendering.budget().items(map.size());
    return map;
  }

  private static Object namespace(Rendering rendering, Arguments arguments) {
    Namespace namespace = new Namespace();
    Map<?, ?> values = (Map<?, ?>) dict(rendering, arguments);
    values.forEach((name, value) -> namespace.set(String.valueOf(name), value));
    return namespace;
  }

  private static Object raise(Rendering rendering, Arguments arguments) {
    Object message = arguments.bind("raise_exception", "message").required("message");
    String text = PythonText.str(rendering, message);
    String head =
        text.length() <= LONGEST_MESSAGE ? text : text.substring(0, LONGEST_MESSAGE) + "…";
    throw JinjaException.raised(head);
  }

  private static Object strftime(Rendering rendering, Arguments arguments) {
    String format = arguments.bind("strftime_now", "format").text("format");
    return rendering.budget().made(Strftime.format(rendering.now(), format));
  }
}
