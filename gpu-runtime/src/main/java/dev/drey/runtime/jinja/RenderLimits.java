package dev.drey.runtime.jinja;

import java.time.Duration;

/**
 * What rendering one template may cost. Steps and characters are counted, so whether a template
 * stays below them is the same on every machine; time is the last resort.
 *
 * @param steps nodes evaluated and list items made or compared
 * @param depth nodes within nodes, calls of macros included
 * @param characters made in all strings together, a list item counting as eight
 * @param outputBytes of the result in UTF-8
 * @param time on the clock
 */
public record RenderLimits(long steps, int depth, long characters, int outputBytes, Duration time) {
  /** Ten million steps, 600 levels, 64 Mi characters, 4 MiB of output, one second. */
  public static final RenderLimits DEFAULT =
      new RenderLimits(10_000_000, 600, 64L << 20, 4 << 20, Duration.ofSeconds(1));
}
