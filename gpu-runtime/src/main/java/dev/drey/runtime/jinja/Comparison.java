package dev.drey.runtime.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code ==}, {@code <} and {@code in}. */
final class Comparison {
  private Comparison() {}

  static boolean holds(Rendering rendering, String operator, Object a, Object b) {
    return switch (operator) {
      case "==" -> equal(rendering, a, b);
      case "!=" -> !equal(rendering, a, b);
      case "in" -> contains(rendering, b, a);
      case "not in" -> !contains(rendering, b, a);
      case "<" -> compare(rendering, operator, a, b) < 0;
      case "<=" -> compare(rendering, operator, a, b) <= 0;
      case ">" -> compare(rendering, operator, a, b) > 0;
      case ">=" -> compare(rendering, operator, a, b) >= 0;
      default -> throw JinjaException.failed("there is no comparison " + operator);
    };
  }

  static boolean equal(Rendering rendering, Object a, Object b) {
    if (a == b) {
      return !(a instanceof Double d && d.isNaN());
    }
    if (a instanceof String x && b instanceof String y) {
      rendering.budget().step(Math.min(x.length(), y.length()) / 64);
      return x.equals(y);
    }
    Number x = Numbers.of(a);
    Number y = Numbers.of(b);
    if (x != null && y != null) {
      return !Numbers.isNaN(x) && !Numbers.isNaN(y) && Numbers.compare(x, y) == 0;
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return sameItems(rendering, list, other);
    }
    if (a instanceof Tuple tuple && b instanceof Tuple other) {
      return sameItems(rendering, tuple.items(), other.items());
    }
    if (a instanceof Map<?, ?> map && b instanceof Map<?, ?> other) {
      return sameEntries(rendering, map, other);
    }
    return a instanceof Undefined && b instanceof Undefined;
  }

  private static boolean sameItems(Rendering rendering, List<?> a, List<?> b) {
    if (a.size() != b.size()) {
      return false;
    }
    rendering.budget().enter();
    for (int i = 0; i < a.size(); i++) {
      rendering.budget().step(1);
      if (!equal(rendering, a.get(i), b.get(i))) {
        rendering.budget().leave();
        return false;
      }
    }
    rendering.budget().leave();
    return true;
  }

  private static boolean sameEntries(Rendering rendering, Map<?, ?> a, Map<?, ?> b) {
    if (a.size() != b.size()) {
      return false;
    }
    rendering.budget().enter();
    for (Map.Entry<?, ?> entry : a.entrySet()) {
      rendering.budget().step(1);
      Object other = b.get(entry.getKey());
      if (other == null || !equal(rendering, entry.getValue(), other)) {
        rendering.budget().leave();
        return false;
      }
    }
    rendering.budget().leave();
    return true;
  }

  static boolean contains(Rendering rendering, Object container, Object item) {
    if (container instanceof String text) {
      if (item instanceof String part) {
        rendering.budget().step(text.length() / 16);
        return text.contains(part);
      }
      throw item instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.failed("'in <str>' needs a str on its left, not " + Types.of(item));
    }
    if (container instanceof Map<?, ?> map) {
      return !(item instanceof Tuple) && map.containsKey(Keys.of(item));
    }
    if (!Items.has(container)) {
      throw JinjaException.failed("'in' needs a container, not " + Types.of(container));
    }
    for (Object each : Items.of(rendering, container)) {
      if (equal(rendering, each, item)) {
        return true;
      }
    }
    return false;
  }

  /** Negative, zero or positive as {@code a} comes before, with or after {@code b}. */
  static int compare(Rendering rendering, String operator, Object a, Object b) {
    Integer order = order(rendering, operator, a, b);
    if (order == null) {
      throw Types.unsupported(operator, a, b);
    }
    return order;
  }

  private static @Nullable Integer order(Rendering rendering, String operator, Object a, Object b) {
    Number x = Numbers.of(a);
    Number y = Numbers.of(b);
    if (x != null && y != null) {
      if (Numbers.isNaN(x) || Numbers.isNaN(y)) {
        throw JinjaException.failed("nan has no order");
      }
      return Numbers.compare(x, y);
    }
    if (a instanceof String text && b instanceof String other) {
      rendering.budget().step(Math.min(text.length(), other.length()) / 16);
      return byCodePoints(text, other);
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return byItems(rendering, operator, list, other);
    }
    if (a instanceof Tuple tuple && b instanceof Tuple other) {
      return byItems(rendering, operator, tuple.items(), other.items());
    }
    return null;
  }

  private static int byItems(Rendering rendering, String operator, List<?> a, List<?> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      if (!equal(rendering, a.get(i), b.get(i))) {
        rendering.budget().enter();
        int order = compare(rendering, operator, a.get(i), b.get(i));
        rendering.budget().leave();
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  private static int byCodePoints(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // Surrogates are beyond the rest of the basic plane.
        boolean same = Character.isSurrogate(x) == Character.isSurrogate(y);
        return same ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
