package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The items that a loop over a value visits, and how many there are. */
final class Items {
  private Items() {}

  /**
   * All items; of a generator what is left, and then nothing is.
   *
   * @throws JinjaException if the value cannot be walked
   */
  static List<Object> of(Rendering rendering, Object value) {
    if (value instanceof String text) {
      rendering.budget().items(text.length());
    }
    List<Object> items = find(value);
    if (items == null) {
      throw JinjaException.failed("'" + Types.of(value) + "' object is not iterable");
    }
    rendering.budget().step(items.size());
    return items;
  }

  static boolean has(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Tuple
        || value instanceof Map
        || value instanceof Generator
        || value instanceof Undefined;
  }

  @SuppressWarnings("unchecked") // lists and maps of the interpreter hold values
  private static @Nullable List<Object> find(Object value) {
    if (value instanceof List<?> list) {
      return (List<Object>) list;
    }
    if (value instanceof Tuple tuple) {
      return tuple.items();
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      return text.codePoints().<Object>mapToObj(Character::toString).toList();
    }
    if (value instanceof Generator generator) {
      List<Object> left = new ArrayList<>();
      for (Iterator<Object> items = generator.items(); items.hasNext(); ) {
        left.add(items.next());
      }
      return left;
    }
    return value instanceof Undefined ? List.of() : null;
  }

  /**
   * Python's {@code len()}.
   *
   * @throws JinjaException if the value has no length
   */
  static long length(Budget budget, Object value) {
    if (value instanceof String text) {
      budget.step(text.length() / 16);
      return text.codePointCount(0, text.length());
    }
    if (value instanceof List<?> list) {
      return list.size();
    }
    if (value instanceof Tuple tuple) {
      return tuple.items().size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw JinjaException.failed("object of type '" + Types.of(value) + "' has no length");
  }
}
