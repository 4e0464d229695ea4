package dev.drey.runtime.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What can stand behind {@code is}. */
final class Tests {
  private interface Test {
    boolean holds(Rendering rendering, Object value, Arguments arguments);
  }

  private interface ValueTest {
    boolean holds(Object value);
  }

  private static final Map<String, Test> ALL = all();

  private Tests() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  /**
   * Whether a test holds.
   *
   * @throws JinjaException if there is none of that name, or it does not take the value
   */
  static boolean holds(Rendering rendering, String name, Object value, Arguments arguments) {
    Test test = ALL.get(name);
    if (test == null) {
      throw JinjaException.failed("the test '" + Shown.name(name) + "' is not supported");
    }
    return test.holds(rendering, value, arguments);
  }

  private static Map<String, Test> all() {
    Map<String, Test> all = new HashMap<>();
    addTypes(all);
    addNumbers(all);
    comparison(all, "==", "eq", "equalto", "==");
    comparison(all, "!=", "ne", "!=");
    comparison(all, "<", "lt", "lessthan", "<");
    comparison(all, "<=", "le", "<=");
    comparison(all, ">", "gt", "greaterthan", ">");
    comparison(all, ">=", "ge", ">=");
    comparison(all, "in", "in");
    all.put("sameas", (r, value, arguments) -> same(value, only("sameas", arguments)));
    all.put("lower", (r, value, a) -> isCased(r, value, a, false));
    all.put("upper", (r, value, a) -> isCased(r, value, a, true));
    return Map.copyOf(all);
  }

  private static void addTypes(Map<String, Test> all) {
    simple(all, "defined", value -> !(value instanceof Undefined));
    simple(all, "undefined", value -> value instanceof Undefined);
    simple(all, "none", value -> value == None.NONE);
    simple(all, "boolean", value -> value instanceof Boolean);
    simple(all, "true", value -> value.equals(true));
    simple(all, "false", value -> value.equals(false));
    simple(all, "string", value -> value instanceof String);
    simple(all, "mapping", value -> value instanceof Map);
    simple(all, "iterable", Items::has);
    simple(all, "callable", value -> value instanceof Function || value instanceof Undefined);
    simple(all, "escaped", value -> false);
    simple(
        all,
        "sequence",
        value ->
            value instanceof String
                || value instanceof List
                || value instanceof Tuple
                || value instanceof Map
                || value instanceof Undefined);
    simple(all, "filter", value -> value instanceof String name && Filters.has(name));
    simple(all, "test", value -> value instanceof String name && has(name));
  }

  private static void addNumbers(Map<String, Test> all) {
    simple(all, "number", value -> Numbers.of(value) != null);
    simple(all, "integer", value -> value instanceof Number && !(value instanceof Double));
    simple(all, "float", value -> value instanceof Double);
    all.put("odd", (r, value, a) -> none("odd", a) && leaves(r, value, 2L, 1L));
    all.put("even", (r, value, a) -> none("even", a) && leaves(r, value, 2L, 0L));
    all.put(
        "divisibleby",
        (r, value, a) -> leaves(r, value, a.bind("divisibleby", "num").required("num"), 0L));
  }

  private static boolean none(String name, Arguments arguments) {
    arguments.requireNone(name);
    return true;
  }

  private static boolean leaves(Rendering rendering, Object value, Object divisor, long rest) {
    return Comparison.equal(rendering, Arithmetic.apply(rendering, "%", value, divisor), rest);
  }

  private static void simple(Map<String, Test> all, String name, ValueTest test) {
    all.put(
        name,
        (rendering, value, arguments) -> {
          arguments.requireNone(name);
          return test.holds(value);
        });
  }

  private static void comparison(Map<String, Test> all, String operator, String... names) {
    for (String name : names) {
      all.put(
          name,
          (rendering, value, arguments) ->
              Comparison.holds(rendering, operator, value, only(name, arguments)));
    }
  }

  private static Object only(String name, Arguments arguments) {
    return arguments.bind(name, "other").required("other");
  }

  /** Python's {@code is}, where equal small values are one. */
  private static boolean same(Object value, Object other) {
    boolean small = value instanceof String || value instanceof Number || value instanceof Boolean;
    return small ? value.equals(other) : value == other;
  }

  private static boolean isCased(
      Rendering rendering, Object value, Arguments arguments, boolean upper) {
    arguments.requireNone(upper ? "upper" : "lower");
    return TextMethods.isCased(
        rendering,
        PythonText.str(rendering, value),
        upper ? Character::isUpperCase : Character::isLowerCase);
  }
}
