package dev.drey.runtime.jinja;

/**
 * The value of a name that nothing has: prints as nothing, is false and empty; any other use of it
 * fails.
 *
 * @param message what is not there
 */
record Undefined(String message) {
  /** A variable that nobody set. */
  static Undefined variable(String name) {
    return new Undefined("'" + Shown.name(name) + "' is undefined");
  }

  /** An attribute that a value lacks. */
  static Undefined attribute(Object value, String name) {
    return new Undefined(
        "'%s' has no attribute '%s'".formatted(Types.description(value), Shown.name(name)));
  }

  /** An element that a value lacks; the key may be a text from the outside and is not shown. */
  static Undefined element(Object value, Object key) {
    return new Undefined(
        key instanceof Long index
            ? "%s has no element %d".formatted(Types.description(value), index)
            : "%s has no element of that key".formatted(Types.description(value)));
  }

  JinjaException failure() {
    return JinjaException.failed(message);
  }
}
