package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Filters that take a list, text or dict as a whole. */
final class ListFilters {
  static final Map<String, Filter> ALL =
      Map.ofEntries(
          Map.entry("count", ListFilters::length),
          Map.entry("dictsort", ListFilters::dictSort),
          Map.entry("first", ListFilters::first),
          Map.entry("items", ListFilters::items),
          Map.entry("join", ListFilters::join),
          Map.entry("last", ListFilters::last),
          Map.entry("length", ListFilters::length),
          Map.entry("list", ListFilters::list),
          Map.entry("max", (r, value, arguments) -> extreme(r, value, arguments, "max", 1)),
          Map.entry("min", (r, value, arguments) -> extreme(r, value, arguments, "min", -1)),
          Map.entry("reverse", ListFilters::reverse),
          Map.entry("sort", ListFilters::sort),
          Map.entry("sum", ListFilters::sum),
          Map.entry("unique", ListFilters::unique));

  private ListFilters() {}

  private static Object length(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("length");
    return Items.length(rendering.budget(), value);
  }

  private static Object first(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("first");
    List<Object> items = Items.of(rendering, value);
    return items.isEmpty() ? new Undefined("there is no first item") : items.get(0);
  }

  private static Object last(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("last");
    List<Object> items = Items.of(rendering, value);
    return items.isEmpty() ? new Undefined("there is no last item") : items.get(items.size() - 1);
  }

  private static Object list(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("list");
    return rendering.budget().made(List.copyOf(Items.of(rendering, value)));
  }

  private static Object items(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("items");
    return new Generator(
        () -> {
          if (value instanceof Map<?, ?> map) {
            return pairs(rendering, map);
          }
          if (value instanceof Undefined) {
            return List.of();
          }
          throw Types.unsupported("items", value);
        });
  }

  private static List<Object> pairs(Rendering rendering, Map<?, ?> map) {
    List<Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(new Tuple(List.of(key, value))));
    return rendering.budget().made(pairs);
  }

  private static Object join(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("join", "d", "attribute");
    String separator = PythonText.str(rendering, p.get("d", ""));
    ItemKey key = ItemKey.of(p.get("attribute", None.NONE), false);
    StringBuilder text = new StringBuilder();
    boolean first = true;
    for (Object item : Items.of(rendering, value)) {
      String part = PythonText.str(rendering, key.of(rendering, item));
      rendering.budget().characters((long) separator.length() + part.length());
      text.append(first ? "" : separator).append(part);
      first = false;
    }
    return rendering.budget().made(text.toString());
  }

  private static Object reverse(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("reverse");
    if (value instanceof String text) {
      return rendering.budget().made(new StringBuilder(text).reverse().toString());
    }
    List<Object> items = new ArrayList<>(Items.of(rendering, value));
    Collections.reverse(items);
    return new Generator(() -> rendering.budget().made(items));
  }

  private record Keyed(List<Object> keys, Object item) {}

  private static Comparator<Keyed> order(Rendering rendering, boolean reverse) {
    Comparator<Keyed> rising =
        (a, b) -> {
          rendering.budget().step(1);
          for (int i = 0; i < a.keys().size(); i++) {
            Object x = a.keys().get(i);
            Object y = b.keys().get(i);
            if (!Comparison.equal(rendering, x, y)) {
              return Comparison.compare(rendering, "<", x, y);
            }
          }
          return 0;
        };
    return reverse ? rising.reversed() : rising;
  }

  private static Object sort(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    boolean ignoreCase = !p.truth("case_sensitive", false);
    Object attribute = p.get("attribute", None.NONE);
    List<Object> attributes =
        attribute instanceof String text ? Texts.split(text, ",", -1) : List.of(attribute);
    List<ItemKey> keys = attributes.stream().map(each -> ItemKey.of(each, ignoreCase)).toList();
    List<Keyed> keyed = new ArrayList<>();
    for (Object item : Items.of(rendering, value)) {
      keyed.add(new Keyed(keys.stream().map(key -> key.of(rendering, item)).toList(), item));
    }
    return sorted(rendering, keyed, p.truth("reverse", false));
  }

  private static List<Object> sorted(Rendering rendering, List<Keyed> keyed, boolean reverse) {
    keyed.sort(order(rendering, reverse));
    List<Object> sorted = new ArrayList<>();
    keyed.forEach(each -> sorted.add(each.item()));
    return rendering.budget().made(sorted);
  }

  private static Object dictSort(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    String by = p.text("by", "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw JinjaException.failed("dictsort: expected 'key' or 'value' as 'by'");
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw Types.unsupported("dictsort", value);
    }
    ItemKey key = ItemKey.of(by.equals("key") ? 0L : 1L, !p.truth("case_sensitive", false));
    List<Keyed> keyed = new ArrayList<>();
    for (Object pair : pairs(rendering, map)) {
      keyed.add(new Keyed(List.of(key.of(rendering, pair)), pair));
    }
    return sorted(rendering, keyed, p.truth("reverse", false));
  }

  private static Object extreme(
      Rendering rendering, Object value, Arguments arguments, String name, int sign) {
    Parameters p = arguments.bind(name, "case_sensitive", "attribute");
    ItemKey key = ItemKey.of(p.get("attribute", None.NONE), !p.truth("case_sensitive", false));
    Object best = new Undefined("there is no item");
    Object bestKey = None.NONE;
    for (Object item : Items.of(rendering, value)) {
      Object itemKey = key.of(rendering, item);
      if (best instanceof Undefined
          || sign * Comparison.compare(rendering, "<", itemKey, bestKey) > 0) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  }

  private static Object sum(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("sum", "attribute", "start");
    ItemKey key = ItemKey.of(p.get("attribute", None.NONE), false);
    Object sum = p.get("start", 0L);
    for (Object item : Items.of(rendering, value)) {
      sum = Arithmetic.apply(rendering, "+", sum, key.of(rendering, item));
    }
    return sum;
  }

  private static Object unique(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("unique", "case_sensitive", "attribute");
    ItemKey key = ItemKey.of(p.get("attribute", None.NONE), !p.truth("case_sensitive", false));
    return new Generator(
        () -> {
          Set<Object> seen = new HashSet<>();
          List<Object> unique = new ArrayList<>();
          for (Object item : Items.of(rendering, value)) {
            if (seen.add(Keys.of(key.of(rendering, item)))) {
              unique.add(item);
            }
          }
          return rendering.budget().made(unique);
        });
  }
}
