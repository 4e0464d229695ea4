package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code dict} and {@code list}, as far as they change nothing. */
final class ContainerMethods {
  private static final Set<String> CHANGING =
      Set.of(
          "append",
          "clear",
          "extend",
          "insert",
          "pop",
          "popitem",
          "remove",
          "reverse",
          "setdefault",
          "sort",
          "update");

  private ContainerMethods() {}

  /** The method of a dict, or null if there is none of that name. */
  static @Nullable Object ofDict(Map<?, ?> self, String name) {
    return switch (name) {
      case "keys" -> listing(name, self, Map.Entry::getKey);
      case "values" -> listing(name, self, Map.Entry::getValue);
      case "items" ->
          listing(name, self, entry -> new Tuple(List.of(entry.getKey(), entry.getValue())));
      case "get" ->
          (Function)
              (rendering, arguments) -> {
                Parameters p = arguments.bind(name, "key", "default");
                Object value = self.get(Keys.of(p.required("key")));
                return value != null ? value : p.get("default", None.NONE);
              };
      case "copy" ->
          (Function)
              (rendering, arguments) -> {
                arguments.requireNone(name);
                return self;
              };
      case "clear", "pop", "popitem", "setdefault", "update" -> changing(name);
      default -> null;
    };
  }

  /** The method of a list, or null if there is none of that name. */
  static @Nullable Object ofList(List<?> self, String name) {
    if (CHANGING.contains(name)) {
      return changing(name);
    }
    return switch (name) {
      case "count" ->
          (Function)
              (rendering, arguments) -> (long) places(rendering, self, arguments, name).size();
      case "index" ->
          (Function)
              (rendering, arguments) -> {
                List<Object> places = places(rendering, self, arguments, name);
                if (places.isEmpty()) {
                  throw JinjaException.failed("index: the item is not in the list");
                }
                return places.get(0);
              };
      case "copy" ->
          (Function)
              (rendering, arguments) -> {
                arguments.requireNone(name);
                return self;
              };
      default -> null;
    };
  }

  private static Undefined changing(String name) {
    return new Undefined("the method '" + name + "' would change a value, which templates cannot");
  }

  private interface Part {
    Object of(Map.Entry<?, ?> entry);
  }

  private static Function listing(String name, Map<?, ?> self, Part part) {
    return (rendering, arguments) -> {
      arguments.requireNone(name);
      List<Object> parts = new ArrayList<>();
      for (Map.Entry<?, ?> entry : self.entrySet()) {
        parts.add(part.of(entry));
      }
      return rendering.budget().made(parts);
    };
  }

  private static List<Object> places(
      Rendering rendering, List<?> self, Arguments arguments, String name) {
    Object wanted = arguments.bind(name, "value").required("value");
    List<Object> places = new ArrayList<>();
    for (int i = 0; i < self.size(); i++) {
      rendering.budget().step(1);
      if (Comparison.equal(rendering, self.get(i), wanted)) {
        places.add((long) i);
      }
    }
    return places;
  }
}
