package dev.drey.runtime.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * Python's numbers. Integers have 64 bits here: what goes beyond is an error, except that longer
 * ones that come from outside can be printed and compared.
 */
final class Numbers {
  private static final double WHOLE = 0x1p53;

  private Numbers() {}

  /** The value as a number, truth values as 0 and 1; null if it is none. */
  static @Nullable Number of(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    }
    return value instanceof Number number ? number : null;
  }

  static int compare(Number a, Number b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    double x = a.doubleValue();
    double y = b.doubleValue();
    boolean exact = Math.abs(x) < WHOLE && Math.abs(y) < WHOLE;
    if (exact || !Double.isFinite(x) || !Double.isFinite(y)) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    return decimal(a).compareTo(decimal(b));
  }

  static boolean isNaN(Number number) {
    return number instanceof Double d && d.isNaN();
  }

  private static BigDecimal decimal(Number number) {
    if (number instanceof BigInteger integer) {
      return new BigDecimal(integer);
    }
    return number instanceof Double d ? new BigDecimal(d) : BigDecimal.valueOf(number.longValue());
  }

  /** Python's {@code repr} of a float: the fewest digits that give the same number. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value > 0 ? "0.0" : "-0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal shortest = exact;
    for (int digits = leastDigits(value); digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == value) {
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    String text = exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : plain(shortest);
    return value < 0 ? "-" + text : text;
  }

  /** Fifteen digits are exact, and no shorter ones are better; very small numbers have fewer. */
  private static int leastDigits(double value) {
    return Math.abs(value) < Double.MIN_NORMAL ? 1 : 15;
  }

  private static String scientific(String digits, int exponent) {
    String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
    return "%s%se%s%02d"
        .formatted(digits.substring(0, 1), fraction, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String plain(BigDecimal value) {
    String text = value.abs().toPlainString();
    return text.indexOf('.') < 0 ? text + ".0" : text;
  }
}
