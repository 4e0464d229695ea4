package dev.drey.runtime.jinja;

import org.jspecify.annotations.Nullable;

/** Values as keys of dicts. */
final class Keys {
  private Keys() {}

  /**
   * The key that equal values share.
   *
   * @throws JinjaException for what cannot be one; tuples, which Python allows, are not supported
   */
  static Object of(Object value) {
    Object key = find(value);
    if (key == null) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.failed("a " + Types.of(value) + " as a key of a dict is not supported");
    }
    return key;
  }

  /** The same, null for what cannot be a key. */
  static @Nullable Object find(Object value) {
    if (value instanceof String || value instanceof Long || value == None.NONE) {
      return value;
    }
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    }
    if (value instanceof Double number) {
      boolean whole = number == Math.rint(number) && Math.abs(number) < 0x1p53;
      return whole ? (Object) number.longValue() : number;
    }
    return null;
  }
}
