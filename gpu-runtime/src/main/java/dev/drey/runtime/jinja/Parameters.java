package dev.drey.runtime.jinja;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a built-in function by the names of its parameters.
 *
 * @param function for messages
 * @param values what was given
 */
record Parameters(String function, Map<String, Object> values) {
  @Nullable Object find(String name) {
    return values.get(name);
  }

  Object get(String name, Object whenAbsent) {
    return values.getOrDefault(name, whenAbsent);
  }

  Object required(String name) {
    Object value = values.get(name);
    if (value == null) {
      throw JinjaException.failed("%s needs the argument '%s'".formatted(function, name));
    }
    return value;
  }

  String text(String name, String whenAbsent) {
    return asText(name, get(name, whenAbsent));
  }

  String text(String name) {
    return asText(name, required(name));
  }

  /** Absent and {@code None} are null. */
  @Nullable String optionalText(String name) {
    Object value = get(name, None.NONE);
    return value == None.NONE ? null : asText(name, value);
  }

  long integer(String name, long whenAbsent) {
    return asInteger(name, get(name, whenAbsent));
  }

  boolean truth(String name, boolean whenAbsent) {
    return Truth.of(get(name, whenAbsent));
  }

  private String asText(String name, Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw wrong(name, "a str", value);
  }

  private long asInteger(String name, Object value) {
    Object number = Numbers.of(value);
    if (number instanceof Long integer) {
      return integer;
    }
    throw wrong(name, "an int", value);
  }

  private JinjaException wrong(String name, String expected, Object value) {
    return value instanceof Undefined undefined
        ? undefined.failure()
        : JinjaException.failed(
            "%s: expected %s as '%s', found %s"
                .formatted(function, expected, name, Types.of(value)));
  }
}
