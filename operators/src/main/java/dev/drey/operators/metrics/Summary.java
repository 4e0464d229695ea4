package dev.drey.operators.metrics;

import dev.drey.operators.flink.SlidingHistogram;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;

/**
 * A histogram with sum and count beside it: Flink exports quantiles, which cannot be added over
 * replicas; sums and counts can.
 */
final class Summary {
  private static final int VALUES = 1000;

  private final Histogram histogram;
  private final Counter sum;
  private final Counter count;

  Summary(MetricGroup group, String name) {
    histogram = group.histogram(name, SlidingHistogram.over(VALUES));
    sum = group.counter(name + "_sum");
    count = group.counter(name + "_count");
  }

  void add(long value) {
    histogram.update(value);
    sum.inc(value);
    count.inc();
  }
}
