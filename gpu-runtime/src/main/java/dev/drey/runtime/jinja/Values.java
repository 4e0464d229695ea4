package dev.drey.runtime.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plain Java values as the interpreter's: copies, so that a template holds nothing of a caller. */
final class Values {
  private Values() {}

  /**
   * The interpreter's value.
   *
   * @throws IllegalArgumentException if the value is not plain
   */
  static Object of(Budget budget, @Nullable Object value) {
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Number number) {
      return number(number);
    }
    if (value instanceof List<?> list) {
      return list(budget, list);
    }
    if (value instanceof Map<?, ?> map) {
      return map(budget, map);
    }
    throw new IllegalArgumentException("a template cannot be given a " + value.getClass());
  }

  private static Object number(Number number) {
    if (number instanceof BigInteger integer) {
      return integer.bitLength() < Long.SIZE ? (Object) integer.longValue() : integer;
    }
    boolean fraction =
        number instanceof Double || number instanceof Float || number instanceof BigDecimal;
    return fraction ? (Object) number.doubleValue() : number.longValue();
  }

  private static List<Object> list(Budget budget, List<?> list) {
    budget.enter();
    budget.items(list.size());
    List<Object> values = new ArrayList<>(list.size());
    for (Object item : list) {
      values.add(of(budget, item));
    }
    budget.leave();
    return values;
  }

  private static Map<Object, Object> map(Budget budget, Map<?, ?> map) {
    budget.enter();
    budget.items(map.size());
    Map<Object, Object> values = new LinkedHashMap<>();
    map.forEach((key, value) -> values.put(String.valueOf(key), of(budget, value)));
    budget.leave();
    return values;
  }
}
