package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters that look at each item of a list: {@code map}, {@code select} and their like. */
final class SelectionFilters {
  static final Map<String, Filter> ALL =
      Map.of(
          "map", SelectionFilters::map,
          "select", (r, value, arguments) -> select(r, value, arguments, false, true),
          "reject", (r, value, arguments) -> select(r, value, arguments, false, false),
          "selectattr", (r, value, arguments) -> select(r, value, arguments, true, true),
          "rejectattr", (r, value, arguments) -> select(r, value, arguments, true, false));

  private SelectionFilters() {}

  private interface Mapping {
    Object of(Object item);
  }

  private static Object map(Rendering rendering, Object value, Arguments arguments) {
    Mapping mapping = mapping(rendering, arguments);
    List<Object> mapped = new ArrayList<>();
    for (Object item : Items.of(rendering, value)) {
      mapped.add(mapping.of(item));
    }
    return new Generator(rendering.budget().made(mapped));
  }

  private static Mapping mapping(Rendering rendering, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      Parameters p = arguments.bind("map", "attribute", "default");
      ItemKey key = ItemKey.of(p.required("attribute"), false);
      Object whenAbsent = p.get("default", None.NONE);
      return whenAbsent == None.NONE
          ? item -> key.of(rendering, item)
          : item -> key.of(rendering, item, whenAbsent);
    }
    String filter = name(arguments.positional().get(0));
    Arguments rest = arguments.from(1);
    return item -> Filters.apply(rendering, filter, item, rest);
  }

  private static Object select(
      Rendering rendering, Object value, Arguments arguments, boolean attribute, boolean wanted) {
    int first = attribute ? 1 : 0;
    if (arguments.positional().size() < first) {
      throw JinjaException.failed("selectattr and rejectattr need the name of an attribute");
    }
    ItemKey key = ItemKey.of(attribute ? arguments.positional().get(0) : None.NONE, false);
    boolean tested = arguments.positional().size() > first;
    String test = tested ? name(arguments.positional().get(first)) : "";
    Arguments rest = tested ? arguments.from(first + 1) : Arguments.NONE;
    List<Object> selected = new ArrayList<>();
    for (Object item : Items.of(rendering, value)) {
      Object looked = key.of(rendering, item);
      boolean holds = tested ? Tests.holds(rendering, test, looked, rest) : Truth.of(looked);
      if (holds == wanted) {
        selected.add(item);
      }
    }
    return new Generator(rendering.budget().made(selected));
  }

  private static String name(Object value) {
    if (value instanceof String name) {
      return name;
    }
    throw Types.unsupported("the name of a filter or test", value);
  }
}
