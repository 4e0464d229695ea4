package dev.drey.runtime.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Filters of numbers and of any value. */
final class ValueFilters {
  static final Map<String, Filter> ALL =
      Map.of(
          "abs", ValueFilters::abs,
          "attr", ValueFilters::attr,
          "d", ValueFilters::orDefault,
          "default", ValueFilters::orDefault,
          "float", ValueFilters::toFloat,
          "int", ValueFilters::toInt,
          "round", ValueFilters::round,
          "tojson", JsonText::of);

  private static final Pattern FLOAT =
      Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]?(?i:inf|infinity|nan)");
  private static final int MOST_DIGITS = 300;

  private ValueFilters() {}

  private static Object orDefault(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("default", "default_value", "boolean");
    boolean absent = value instanceof Undefined || (p.truth("boolean", false) && !Truth.of(value));
    return absent ? p.get("default_value", "") : value;
  }

  private static Object attr(Rendering rendering, Object value, Arguments arguments) {
    String name = arguments.bind("attr", "name").text("name");
    // Unlike value.name, this does not look for an item of that key.
    return value instanceof Map<?, ?>
        ? Lookup.attribute(Map.of(), name)
        : Lookup.attribute(value, name);
  }

  private static Object abs(Rendering rendering, Object value, Arguments arguments) {
    arguments.requireNone("abs");
    Number number = Numbers.of(value);
    if (number instanceof Double d) {
      return Math.abs(d);
    }
    if (number instanceof Long integer) {
      return integer < 0 ? Arithmetic.negative(integer) : integer;
    }
    throw Types.unsupported("abs", value);
  }

  private static Object round(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("round", "precision", "method");
    int precision = (int) Math.max(-MOST_DIGITS, Math.min(MOST_DIGITS, p.integer("precision", 0)));
    String method = p.text("method", "common");
    Number number = Numbers.of(value);
    if (!(number instanceof Long) && !(number instanceof Double)) {
      throw Types.unsupported("round", value);
    }
    double d = number.doubleValue();
    switch (method) {
      case "common" -> {
        if (number instanceof Long integer) {
          return rounded(BigDecimal.valueOf(integer), precision).longValue();
        }
        return Double.isFinite(d) ? rounded(new BigDecimal(d), precision).doubleValue() : d;
      }
      case "ceil", "floor" -> {
        double scale = Math.pow(10, precision);
        return (method.equals("ceil") ? Math.ceil(d * scale) : Math.floor(d * scale)) / scale;
      }
      default -> throw JinjaException.failed("round: expected common, ceil or floor as 'method'");
    }
  }

  private static BigDecimal rounded(BigDecimal value, int precision) {
    return value.scale() <= precision ? value : value.setScale(precision, RoundingMode.HALF_EVEN);
  }

  private static Object toFloat(Rendering rendering, Object value, Arguments arguments) {
    Object whenNone = arguments.bind("float", "default").get("default", 0.0);
    Double number = number(value);
    return number != null ? number : whenNone;
  }

  private static Object toInt(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("int", "default", "base");
    if (value instanceof String text) {
      Long integer = integer(text, p.integer("base", 10));
      if (integer != null) {
        return integer;
      }
    } else if (Numbers.of(value) instanceof Long integer) {
      return integer;
    }
    Double number = number(value);
    if (number == null || !Double.isFinite(number)) {
      return p.get("default", 0L);
    }
    if (Math.abs(number) >= 0x1p63) {
      throw JinjaException.failed("int gives an integer of more than 64 bits");
    }
    return number.longValue();
  }

  private static @Nullable Double number(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (value instanceof String text) {
      String number = Texts.strip(text, null, true, true).replace("_", "");
      if (number.length() > MOST_DIGITS || !FLOAT.matcher(number).matches()) {
        return null;
      }
      String lower = Texts.lower(number);
      if (lower.endsWith("nan")) {
        return Double.NaN;
      }
      boolean infinite = lower.contains("inf");
      return Double.valueOf(infinite ? (lower.startsWith("-") ? "-Infinity" : "Infinity") : number);
    }
    Number number = Numbers.of(value);
    return number == null ? null : (Double) number.doubleValue();
  }

  private static @Nullable Long integer(String text, long base) {
    if (base < 2 || base > 36) {
      throw JinjaException.failed("int: expected a base from 2 to 36");
    }
    String digits = Texts.lower(Texts.strip(text, null, true, true)).replace("_", "");
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
    if (!prefix.isEmpty() && digits.startsWith(prefix)) {
      digits = digits.substring(2);
    }
    try {
      return digits.length() > MOST_DIGITS ? null : (Long) Long.parseLong(digits, (int) base);
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
