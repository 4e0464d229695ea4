package dev.drey.runtime.trace;

/**
 * How values are spread.
 *
 * @param count how many
 * @param mean their mean
 * @param median the middle one, within 3 %
 * @param p99 99 % are not larger, within 3 %
 */
public record Spread(long count, double mean, double median, double p99) {
  static Spread of(LogHistogram values) {
    return new Spread(values.count(), values.mean(), values.quantile(0.5), values.quantile(0.99));
  }
}
