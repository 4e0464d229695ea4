package dev.drey.runtime.trace;

/**
 * Counts of non-negative values in buckets that grow with the value: quantiles come out within 3 %,
 * in memory that does not grow. Not thread-safe.
 */
public final class LogHistogram {
  private static final int SUB_BITS = 5;
  private static final int SUB = 1 << SUB_BITS;

  private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUB];
  private long count;
  private double sum;

  /** Counts a value. */
  public void add(long value) {
    counts[bucket(Math.max(0, value))]++;
    count++;
    sum += value;
  }

  private static int bucket(long value) {
    if (value < SUB) {
      return (int) value;
    }
    int shift = Long.SIZE - 1 - SUB_BITS - Long.numberOfLeadingZeros(value);
    return (shift + 1) * SUB + (int) (value >>> shift) - SUB;
  }

  private static double middle(int bucket) {
    if (bucket < SUB) {
      return bucket;
    }
    int shift = bucket / SUB - 1;
    double low = (double) (SUB + bucket % SUB) * (1L << shift);
    return low + ((1L << shift) - 1) / 2.0;
  }

  /** How many values were counted. */
  public long count() {
    return count;
  }

  /** Their mean; 0 if there is none. */
  public double mean() {
    return count == 0 ? 0 : sum / count;
  }

  /**
   * A value such that about so large a share of all is not larger; 0 if there is none.
   *
   * @param share from 0 to 1
   */
  public double quantile(double share) {
    long wanted = Math.max(1, (long) Math.ceil(share * count));
    long seen = 0;
    for (int bucket = 0; bucket < counts.length; bucket++) {
      seen += counts[bucket];
      if (seen >= wanted) {
        return middle(bucket);
      }
    }
    return 0;
  }
}
