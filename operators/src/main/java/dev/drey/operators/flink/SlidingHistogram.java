package dev.drey.operators.flink;

import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** Histograms over the last values. */
public final class SlidingHistogram {
  private SlidingHistogram() {}

  /** A histogram over so many values. */
  public static Histogram over(int values) {
    return new DescriptiveStatisticsHistogram(values);
  }
}
