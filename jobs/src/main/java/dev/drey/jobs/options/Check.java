package dev.drey.jobs.options;

import dev.drey.runtime.memory.MemorySize;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/**
 * Whether a value that has the right type is also a sensible one.
 *
 * @param <T> type of the value
 */
@FunctionalInterface
public interface Check<T> {
  /** What is wrong with {@code value}, as "expected …, found …"; empty if nothing is. */
  Optional<String> problem(T value);

  /** Accepts everything. */
  static <T> Check<T> any() {
    return value -> Optional.empty();
  }

  /** Accepts numbers of at least {@code least}. */
  static <T extends Number> Check<T> atLeast(long least) {
    return value ->
        value.longValue() >= least
            ? Optional.empty()
            : Optional.of("expected at least " + least + ", found " + value);
  }

  /** Accepts numbers from {@code least} to {@code most}, both included. */
  static <T extends Number> Check<T> between(double least, double most) {
    return value ->
        value.doubleValue() >= least && value.doubleValue() <= most
            ? Optional.empty()
            : Optional.of("expected from %s to %s, found %s".formatted(least, most, value));
  }

  /** Accepts times longer than none. */
  static Check<Duration> positive() {
    return value ->
        value.isNegative() || value.isZero()
            ? Optional.of("expected a positive time, found " + value.toMillis() + " ms")
            : Optional.empty();
  }

  /** Accepts the given words only. */
  static Check<String> oneOf(String... words) {
    return oneOf(Arrays.asList(words));
  }

  /** Accepts the given names only. */
  static Check<String> oneOf(Collection<String> known) {
    return value ->
        known.contains(value)
            ? Optional.empty()
            : Optional.of(
                "expected one of %s, found '%s'".formatted(String.join(", ", known), value));
  }

  /** Accepts dates and points in time as ISO 8601 writes them, without a zone. */
  static Check<String> dateTime() {
    return value -> {
      try {
        parseDateTime(value);
        return Optional.empty();
      } catch (DateTimeParseException e) {
        return Optional.of(
            "expected a date as 2026-11-22 or 2026-11-22T09:30, found '" + value + "'");
      }
    };
  }

  /** The value of a setting that {@link #dateTime} accepts; a date is its first moment. */
  static LocalDateTime parseDateTime(String value) {
    return value.indexOf('T') < 0
        ? LocalDate.parse(value).atStartOfDay()
        : LocalDateTime.parse(value);
  }

  /** Accepts bytes with an optional unit, or a percentage. */
  static Check<String> memorySize() {
    return value -> {
      try {
        MemorySize.parse(value);
        return Optional.empty();
      } catch (IllegalArgumentException e) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
    };
  }
}
