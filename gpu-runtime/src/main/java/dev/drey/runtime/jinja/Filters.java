package dev.drey.runtime.jinja;

import java.util.HashMap;
import java.util.Map;

/** All filters by name. */
final class Filters {
  private static final Map<String, Filter> ALL = all();

  private Filters() {}

  private static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>(TextFilters.ALL);
    all.putAll(ListFilters.ALL);
    all.putAll(SelectionFilters.ALL);
    all.putAll(ValueFilters.ALL);
    return Map.copyOf(all);
  }

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  /**
   * Applies a filter.
   *
   * @throws JinjaException if there is none of that name, or it does not take the value
   */
  static Object apply(Rendering rendering, String name, Object value, Arguments arguments) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw JinjaException.failed("the filter '" + Shown.name(name) + "' is not supported");
    }
    return filter.apply(rendering, value, arguments);
  }
}
