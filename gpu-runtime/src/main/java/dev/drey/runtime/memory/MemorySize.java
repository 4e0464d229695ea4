package dev.drey.runtime.memory;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of memory as users write it: bytes with an optional unit ({@code 512 MiB}, {@code 2g})
 * or a share of something ({@code 25%}).
 *
 * @param bytes the amount, or -1 where {@code percent} says it
 * @param percent share from 0 to 100, or -1 where {@code bytes} says it
 */
public record MemorySize(long bytes, double percent) implements Serializable {
  private static final Pattern SYNTAX =
      Pattern.compile("\\s*([0-9]+(?:\\.[0-9]+)?)\\s*(%|[kmgt]?(?:i?b)?)\\s*");

  /** A size in bytes. */
  public static MemorySize ofBytes(long bytes) {
    return new MemorySize(bytes, -1);
  }

  /** A share of whatever it is asked of. */
  public static MemorySize ofPercent(double percent) {
    return new MemorySize(-1, percent);
  }

  /**
   * Reads a size.
   *
   * @throws IllegalArgumentException if it is neither an amount nor a percentage from 0 to 100
   */
  public static MemorySize parse(String text) {
    Matcher match = SYNTAX.matcher(text.toLowerCase(Locale.ROOT));
    if (!match.matches()) {
      throw new IllegalArgumentException(
          "not a memory size: '"
              + text
              + "'; expected bytes with an optional unit (512MiB, 2g) or a percentage (25%)");
    }
    double number = Double.parseDouble(match.group(1));
    String unit = match.group(2);
    if (unit.equals("%")) {
      if (number > 100) {
        throw new IllegalArgumentException("a share of memory is at most 100%: '" + text + "'");
      }
      return ofPercent(number);
    }
    long factor =
        switch (unit.isEmpty() ? 'b' : unit.charAt(0)) {
          case 'k' -> 1L << 10;
          case 'm' -> 1L << 20;
          case 'g' -> 1L << 30;
          case 't' -> 1L << 40;
          default -> 1L;
        };
    return ofBytes((long) (number * factor));
  }

  /** The amount in bytes, a percentage taken of {@code whole}. */
  public long of(long whole) {
    return percent >= 0 ? (long) (whole * (percent / 100)) : bytes;
  }

  @Override
  public String toString() {
    return percent >= 0 ? percent + "%" : bytes + " bytes";
  }
}
