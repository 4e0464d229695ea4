package dev.drey.runtime.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code value.name} and {@code value[key]} find: methods and attributes from fixed lists, and
 * the items of lists, texts and dicts.
 */
final class Lookup {
  private Lookup() {}

  /** A method or attribute, else the item of that key. */
  static Object attribute(Object value, String name) {
    Object own = own(value, name);
    if (own != null) {
      return own;
    }
    if (value instanceof Map<?, ?> map) {
      Object item = map.get(name);
      if (item != null) {
        return item;
      }
    }
    return missing(value, name);
  }

  /** The item of a key, else the method or attribute of that name. */
  static Object item(Budget budget, Object value, Object key) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (value instanceof Map<?, ?> map) {
      Object found = Keys.find(key);
      Object item = found == null ? null : map.get(found);
      if (item != null) {
        return item;
      }
    } else if (Numbers.of(key) instanceof Long index) {
      Object item = indexed(budget, value, index);
      if (item != null) {
        return item;
      }
    }
    if (key instanceof String name) {
      Object own = own(value, name);
      return own != null
          ? own
          : hidden(name) ? missing(value, name) : Undefined.element(value, key);
    }
    return Undefined.element(value, key);
  }

  private static Object missing(Object value, String name) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (hidden(name)) {
      throw JinjaException.failed(
          "access to '%s' of a %s is not allowed".formatted(Shown.name(name), Types.of(value)));
    }
    return Undefined.attribute(value, name);
  }

  /** Names that lead to Python's insides; nothing here has any. */
  private static boolean hidden(String name) {
    return name.startsWith("__");
  }

  private static @Nullable Object own(Object value, String name) {
    if (value instanceof Namespace namespace) {
      return namespace.get(name);
    }
    if (value instanceof LoopState loop) {
      return loop.attribute(name);
    }
    if (value instanceof Loop.RecursiveLoop loop) {
      return loop.state().attribute(name);
    }
    if (value instanceof String text) {
      return TextMethods.named(text, name);
    }
    if (value instanceof Map<?, ?> map) {
      return ContainerMethods.ofDict(map, name);
    }
    if (value instanceof List<?> list) {
      return ContainerMethods.ofList(list, name);
    }
    return value instanceof Macro macro ? macro.attribute(name) : null;
  }

  private static @Nullable Object indexed(Budget budget, Object value, long index) {
    if (value instanceof String text) {
      budget.step(text.length() / 16);
      int length = text.codePointCount(0, text.length());
      long at = index < 0 ? index + length : index;
      return at < 0 || at >= length
          ? null
          : Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)));
    }
    List<?> items =
        value instanceof List<?> list ? list : value instanceof Tuple tuple ? tuple.items() : null;
    if (items == null) {
      return null;
    }
    long at = index < 0 ? index + items.size() : index;
    return at < 0 || at >= items.size() ? null : items.get((int) at);
  }
}
