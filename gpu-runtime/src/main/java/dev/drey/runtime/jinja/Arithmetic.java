package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's operators on numbers, and those of them that texts and lists have. */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(Rendering rendering, String operator, Object a, Object b) {
    return switch (operator) {
      case "+" -> add(rendering, a, b);
      case "*" -> multiply(rendering, a, b);
      case "%" -> {
        if (a instanceof String) {
          throw JinjaException.failed("formatting text with % is not supported");
        }
        yield numbers(operator, a, b);
      }
      default -> numbers(operator, a, b);
    };
  }

  private static Object add(Rendering rendering, Object a, Object b) {
    Budget budget = rendering.budget();
    if (a instanceof String x && b instanceof String y) {
      budget.characters((long) x.length() + y.length());
      return x + y;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      return joined(budget, x, y);
    }
    if (a instanceof Tuple x && b instanceof Tuple y) {
      return new Tuple(joined(budget, x.items(), y.items()));
    }
    return numbers("+", a, b);
  }

  private static List<Object> joined(Budget budget, List<?> a, List<?> b) {
    budget.items((long) a.size() + b.size());
    List<Object> all = new ArrayList<>(a);
    all.addAll(b);
    return all;
  }

  private static Object multiply(Rendering rendering, Object a, Object b) {
    if (isSequence(a) && Numbers.of(b) instanceof Long times) {
      return repeat(rendering.budget(), a, times);
    }
    if (isSequence(b) && Numbers.of(a) instanceof Long times) {
      return repeat(rendering.budget(), b, times);
    }
    return numbers("*", a, b);
  }

  private static boolean isSequence(Object value) {
    return value instanceof String || value instanceof List || value instanceof Tuple;
  }

  private static Object repeat(Budget budget, Object sequence, long times) {
    long count = Math.max(0, Math.min(times, Integer.MAX_VALUE));
    if (sequence instanceof String text) {
      budget.characters(count * text.length());
      return text.repeat((int) count);
    }
    List<?> once = sequence instanceof Tuple tuple ? tuple.items() : (List<?>) sequence;
    budget.items(count * once.size());
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < count && !once.isEmpty(); i++) {
      all.addAll(once);
    }
    return sequence instanceof Tuple ? new Tuple(all) : all;
  }

  private static Object numbers(String operator, Object a, Object b) {
    Number x = Numbers.of(a);
    Number y = Numbers.of(b);
    if (x == null || y == null) {
      throw Types.unsupported(operator, a, b);
    }
    try {
      Object result =
          x instanceof Long i && y instanceof Long j
              ? integers(operator, i, j)
              : floats(operator, x.doubleValue(), y.doubleValue());
      if (result == null) {
        throw Types.unsupported(operator, a, b);
      }
      return result;
    } catch (ArithmeticException e) {
      throw JinjaException.failed(
          operator + " gives an integer of more than 64 bits, which is not supported");
    }
  }

  private static @Nullable Object integers(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "/" -> (double) a / (double) nonZero(b);
      case "//" -> a == Long.MIN_VALUE ? exactFloor(a, nonZero(b)) : Math.floorDiv(a, nonZero(b));
      case "%" -> Math.floorMod(a, nonZero(b));
      case "**" -> b < 0 ? Math.pow((double) nonZero(a), (double) b) : (Object) power(a, b);
      default -> null;
    };
  }

  private static long exactFloor(long a, long b) {
    return b == -1 ? Math.negateExact(a) : Math.floorDiv(a, b);
  }

  private static long power(long base, long exponent) {
    if (base == 0 || base == 1) {
      return exponent == 0 ? 1 : base;
    }
    if (base == -1) {
      return exponent % 2 == 0 ? 1 : -1;
    }
    long result = 1;
    for (long i = 0; i < exponent; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  private static @Nullable Object floats(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / nonZero(b);
      case "//" -> Math.floor((a - remainder(a, nonZero(b))) / b + 0.5);
      case "%" -> remainder(a, nonZero(b));
      case "**" -> realPower(a, b);
      default -> null;
    };
  }

  private static double realPower(double base, double exponent) {
    double power = Math.pow(base, exponent);
    if (Double.isNaN(power) && !Double.isNaN(base) && !Double.isNaN(exponent)) {
      throw JinjaException.failed("** gives no real number, which is not supported");
    }
    return power;
  }

  /** The remainder with the sign of the divisor. */
  private static double remainder(double a, double b) {
    double rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }

  private static long nonZero(long divisor) {
    if (divisor == 0) {
      throw JinjaException.failed("division by zero");
    }
    return divisor;
  }

  private static double nonZero(double divisor) {
    if (divisor == 0) {
      throw JinjaException.failed("division by zero");
    }
    return divisor;
  }

  static Object negative(Object value) {
    Number number = Numbers.of(value);
    if (number instanceof Long integer) {
      return numbers("-", 0L, integer);
    }
    if (number instanceof Double d) {
      return -d;
    }
    throw Types.unsupported("-", value);
  }

  static Object positive(Object value) {
    Number number = Numbers.of(value);
    if (number == null) {
      throw Types.unsupported("+", value);
    }
    return number;
  }
}
