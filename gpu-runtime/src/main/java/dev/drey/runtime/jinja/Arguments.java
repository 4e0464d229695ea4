package dev.drey.runtime.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Arguments of a call.
 *
 * @param positional in order
 * @param keywords in the order given
 */
record Arguments(List<Object> positional, Map<String, Object> keywords) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object only) {
    return new Arguments(List.of(only), Map.of());
  }

  /** The arguments behind the first few positional ones. */
  Arguments from(int first) {
    return new Arguments(positional.subList(first, positional.size()), keywords);
  }

  /**
   * Gives the arguments to the parameters of a function.
   *
   * @param function for messages
   * @throws JinjaException if there are too many, one is given twice, or there is no such parameter
   */
  Parameters bind(String function, String... names) {
    if (positional.size() > names.length) {
      throw JinjaException.failed(
          "%s takes at most %d arguments, not %d"
              .formatted(function, names.length, positional.size()));
    }
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      values.put(names[i], positional.get(i));
    }
    List<String> known = List.of(names);
    for (Map.Entry<String, Object> keyword : keywords.entrySet()) {
      String name = keyword.getKey();
      if (!known.contains(name)) {
        throw JinjaException.failed(
            "%s has no argument '%s'".formatted(function, Shown.name(name)));
      }
      if (values.put(name, keyword.getValue()) != null) {
        throw JinjaException.failed(
            "%s got two values for '%s'".formatted(function, Shown.name(name)));
      }
    }
    return new Parameters(function, values);
  }

  /** Refuses arguments where there is to be none. */
  void requireNone(String function) {
    bind(function);
  }
}
