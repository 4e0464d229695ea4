package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * What filters such as {@code sort} and {@code map} look at in an item: the item itself, or an
 * attribute given by a path such as {@code function.name} or {@code items.0}.
 *
 * @param path names and indexes from the item on
 * @param ignoreCase whether texts are made lower
 */
record ItemKey(List<Object> path, boolean ignoreCase) {

  /**
   * Reads a path.
   *
   * @param attribute a path as text, an index, or {@code None} for the item itself
   */
  static ItemKey of(Object attribute, boolean ignoreCase) {
    if (attribute == None.NONE) {
      return new ItemKey(List.of(), ignoreCase);
    }
    if (attribute instanceof Long) {
      return new ItemKey(List.of(attribute), ignoreCase);
    }
    if (!(attribute instanceof String text)) {
      throw Types.unsupported("a path of attributes", attribute);
    }
    List<Object> path = new ArrayList<>();
    for (Object part : Texts.split(text, ".", -1)) {
      path.add(index((String) part));
    }
    return new ItemKey(path, ignoreCase);
  }

  private static Object index(String part) {
    boolean digits = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits && part.length() < 10 ? (Object) Long.valueOf(part) : part;
  }

  Object of(Rendering rendering, Object item) {
    Object value = item;
    for (Object part : path) {
      value = Lookup.item(rendering.budget(), value, part);
    }
    return lowered(rendering, value);
  }

  /** The same, with a default for what is not there on the way. */
  Object of(Rendering rendering, Object item, Object whenAbsent) {
    Object value = item;
    for (Object part : path) {
      value = Lookup.item(rendering.budget(), value, part);
      if (value instanceof Undefined) {
        value = whenAbsent;
      }
    }
    return lowered(rendering, value);
  }

  private Object lowered(Rendering rendering, Object value) {
    return ignoreCase && value instanceof String text
        ? rendering.budget().made(Texts.lower(text))
        : value;
  }
}
