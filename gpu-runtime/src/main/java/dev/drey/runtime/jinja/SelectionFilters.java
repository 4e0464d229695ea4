package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

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
    return generator(
        rendering,
        value,
        items -> {
          Mapping mapping = mapping(rendering, arguments);
          List<Object> mapped = new ArrayList<>();
          for (Object item : items) {
            mapped.add(mapping.of(item));
          }
          return mapped;
        });
  }

  /** Nothing of a false value, even if it could not be walked. */
  private static Generator generator(
      Rendering rendering, Object value, UnaryOperator<List<Object>> work) {
    return new Generator(
        () ->
            Truth.of(value)
                ? rendering.budget().made(work.apply(Items.of(rendering, value)))
                : List.of());
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
    return generator(
        rendering,
        value,
        items -> {
          Predicate<Object> test = test(rendering, arguments, attribute);
          List<Object> selected = new ArrayList<>();
          for (Object item : items) {
            if (test.test(item) == wanted) {
              selected.add(item);
            }
          }
          return selected;
        });
  }

  private static Predicate<Object> test(
      Rendering rendering, Arguments arguments, boolean attribute) {
    int first = attribute ? 1 : 0;
    List<Object> given = arguments.positional();
    if (given.size() < first) {
      throw JinjaException.failed("selectattr and rejectattr need the name of an attribute");
    }
    ItemKey key = ItemKey.of(attribute ? given.get(0) : None.NONE, false);
    if (given.size() == first) {
      return item -> Truth.of(key.of(rendering, item));
    }
    String name = name(given.get(first));
    Arguments rest = arguments.from(first + 1);
    return item -> Tests.holds(rendering, name, key.of(rendering, item), rest);
  }

  private static String name(Object value) {
    if (value instanceof String name) {
      return name;
    }
    throw Types.unsupported("the name of a filter or test", value);
  }
}
