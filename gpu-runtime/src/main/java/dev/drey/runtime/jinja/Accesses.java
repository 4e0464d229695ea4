package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Expressions.Literal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions that take something out of a value, call it, filter it or test it. */
final class Accesses {
  private Accesses() {}

  /** {@code target.name}. */
  record Attribute(Expression target, String name, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(target);
      frame.rendering().reached(line);
      return Lookup.attribute(value, name);
    }
  }

  /** {@code target[key]}. */
  record Subscript(Expression target, Expression key, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(target);
      Object at = frame.evaluate(key);
      frame.rendering().reached(line);
      Object item = Lookup.item(frame.budget(), value, at);
      // Only a key that is written in the template may be shown in messages.
      return item instanceof Undefined && key instanceof Literal && at instanceof String name
          ? Undefined.attribute(value, name)
          : item;
    }
  }

  /** {@code target[start:stop:step]}. */
  record Slice(
      Expression target,
      @Nullable Expression start,
      @Nullable Expression stop,
      @Nullable Expression step,
      int line)
      implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(target);
      Long from = bound(frame, start);
      Long to = bound(frame, stop);
      Long by = bound(frame, step);
      frame.rendering().reached(line);
      return Slices.of(frame.budget(), value, from, to, by);
    }

    private static @Nullable Long bound(Frame frame, @Nullable Expression expression) {
      Object value = expression == null ? None.NONE : frame.evaluate(expression);
      if (value == None.NONE) {
        return null;
      }
      if (Numbers.of(value) instanceof Long index) {
        return index;
      }
      throw Types.unsupported("a slice bound", value);
    }
  }

  /** What stands in the parentheses of a call. */
  record ArgumentList(
      List<Expression> positional,
      Map<String, Expression> keywords,
      @Nullable Expression morePositional,
      @Nullable Expression moreKeywords) {
    static final ArgumentList NONE = new ArgumentList(List.of(), Map.of(), null, null);

    Arguments evaluate(Frame frame) {
      List<Object> values = new ArrayList<>();
      for (Expression argument : positional) {
        values.add(frame.evaluate(argument));
      }
      Map<String, Object> named = new LinkedHashMap<>();
      for (Map.Entry<String, Expression> keyword : keywords.entrySet()) {
        named.put(keyword.getKey(), frame.evaluate(keyword.getValue()));
      }
      if (morePositional != null) {
        values.addAll(Items.of(frame.rendering(), frame.evaluate(morePositional)));
      }
      if (moreKeywords != null) {
        addKeywords(named, frame.evaluate(moreKeywords));
      }
      frame.budget().items(values.size() + named.size());
      return new Arguments(values, named);
    }

    private static void addKeywords(Map<String, Object> named, Object value) {
      if (!(value instanceof Map<?, ?> map)) {
        throw Types.unsupported("** of arguments", value);
      }
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        named.put(String.valueOf(entry.getKey()), (Object) entry.getValue());
      }
    }
  }

  /** {@code callee(arguments)}. */
  record Call(Expression callee, ArgumentList arguments, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object function = frame.evaluate(callee);
      Arguments values = arguments.evaluate(frame);
      frame.rendering().reached(line);
      if (function instanceof Function called) {
        return called.call(frame.rendering(), values);
      }
      throw function instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.failed("a " + Types.of(function) + " cannot be called");
    }
  }

  /** {@code target | name(arguments)}. */
  record Filtered(Expression target, String name, ArgumentList arguments, int line)
      implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(target);
      Arguments values = arguments.evaluate(frame);
      frame.rendering().reached(line);
      return Filters.apply(frame.rendering(), name, value, values);
    }
  }

  /** {@code target is name(arguments)}. */
  record Tested(Expression target, String name, ArgumentList arguments, int line)
      implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(target);
      Arguments values = arguments.evaluate(frame);
      frame.rendering().reached(line);
      return Tests.holds(frame.rendering(), name, value, values);
    }
  }
}
