package dev.drey.runtime.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Variables of a part of a template that has its own: the whole, one turn of a loop, one call of a
 * macro, a block. Reading looks outwards, setting does not.
 */
final class Frame {
  private final Rendering rendering;
  private final @Nullable Frame outer;
  private final Map<String, Object> variables = new HashMap<>();

  Frame(Rendering rendering, Map<String, Object> variables) {
    this.rendering = rendering;
    this.outer = null;
    this.variables.putAll(variables);
  }

  private Frame(Frame outer) {
    this.rendering = outer.rendering;
    this.outer = outer;
  }

  Frame inner() {
    return new Frame(this);
  }

  Rendering rendering() {
    return rendering;
  }

  Budget budget() {
    return rendering.budget();
  }

  /** The value of a name: a variable, else a function, else undefined. */
  Object get(String name) {
    for (Frame frame = this; frame != null; frame = frame.outer) {
      Object value = frame.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    Function function = Functions.named(name);
    return function != null ? function : Undefined.variable(name);
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object evaluate(Expression expression) {
    budget().enter();
    Object value = expression.evaluate(this);
    budget().leave();
    return value;
  }

  /** Runs statements until one ends the loop, or the turn of the loop, around them. */
  Flow run(List<Statement> statements) {
    for (Statement statement : statements) {
      budget().enter();
      Flow flow = statement.run(this);
      budget().leave();
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }
}
