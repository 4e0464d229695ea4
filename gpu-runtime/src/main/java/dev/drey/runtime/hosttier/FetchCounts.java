package dev.drey.runtime.hosttier;

/**
 * How often each expert was fetched, old fetches counting less: all counts are halved now and then.
 * Guarded by the tier's lock.
 */
final class FetchCounts {
  /** Fetches per expert between two halvings. */
  private static final int SAMPLE = 16;

  private final int[] counts;
  private long sinceHalving;

  FetchCounts(int experts) {
    this.counts = new int[experts];
  }

  void fetched(int expert) {
    counts[expert]++;
    if (++sinceHalving >= (long) SAMPLE * counts.length) {
      sinceHalving = 0;
      for (int i = 0; i < counts.length; i++) {
        counts[i] /= 2;
      }
    }
  }

  int of(int expert) {
    return counts[expert];
  }
}
