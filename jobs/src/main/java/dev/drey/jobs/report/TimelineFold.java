package dev.drey.jobs.report;

import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;

/** Counts over time, in a fixed number of buckets of equal length. */
final class TimelineFold implements TraceSink {
  private static final int BUCKETS = 240;

  /**
   * The series, by bucket.
   *
   * @param bucketNanos length of a bucket
   * @param resident experts in the window at the end of the bucket, by layer
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Series(
      double bucketNanos,
      long[] hits,
      long[] late,
      long[] misses,
      long[] bytesDemand,
      long[] bytesPrefetch,
      long[] rows,
      long[] stallNanos,
      int[][] resident) {}

  private final long nanosInAll;
  private final Series series;
  private final int[] resident;
  private int bucket;

  TimelineFold(TraceHeader header, long nanosInAll) {
    this.nanosInAll = nanosInAll;
    this.resident = new int[header.layers()];
    this.series =
        new Series(
            (nanosInAll + 1.0) / BUCKETS,
            new long[BUCKETS],
            new long[BUCKETS],
            new long[BUCKETS],
            new long[BUCKETS],
            new long[BUCKETS],
            new long[BUCKETS],
            new long[BUCKETS],
            new int[header.layers()][BUCKETS]);
  }

  private int reach(long nanos) {
    int reached =
        (int) Math.min(BUCKETS - 1, Math.floor((double) nanos / (nanosInAll + 1.0) * BUCKETS));
    for (; bucket < reached; bucket++) {
      noteResidents();
    }
    return reached;
  }

  private void noteResidents() {
    for (int layer = 0; layer < resident.length; layer++) {
      series.resident()[layer][bucket] = resident[layer];
    }
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    series.rows()[reach(nanos)] += rows;
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {
    int at = reach(nanos);
    for (int i = 0; i < count; i++) {
      switch (outcomes[i]) {
        case HIT -> series.hits()[at]++;
        case LATE -> series.late()[at]++;
        case MISS, OVERTAKEN -> series.misses()[at]++;
      }
    }
  }

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    long[] moved = prefetch ? series.bytesPrefetch() : series.bytesDemand();
    moved[reach(nanos)] += bytes;
    resident[layer] += result == LoadResult.LOADED ? 1 : 0;
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    reach(nanos);
    resident[layer]--;
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stalled) {
    series.stallNanos()[reach(nanos)] += stalled;
  }

  /** The series, once all events have been told. */
  Series series() {
    for (; bucket < BUCKETS - 1; bucket++) {
      noteResidents();
    }
    noteResidents();
    return series;
  }
}
