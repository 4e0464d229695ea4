package dev.drey.runtime.predict;

import java.util.Arrays;

/**
 * Turns scores into a ranked list: the highest first, ties to the lower expert. One sort of packed
 * numbers, O(E log E); no allocation. One thread at a time.
 */
final class Ranking {
  static final int EXPERT_BITS = 12;
  private static final int EXPERT_MASK = (1 << EXPERT_BITS) - 1;

  private final long[] order;
  private final int[] ranked;
  private final float[] rankedScores;

  Ranking(int experts) {
    order = new long[experts];
    ranked = new int[experts];
    rankedScores = new float[experts];
  }

  /**
   * Tells a sink the experts with the highest scores; those without a score above 0 are left out.
   *
   * @param scores by expert from {@code from}
   * @param most how many at most
   */
  void tell(PredictionSink sink, int targetLayer, float[] scores, int from, int most) {
    int found = 0;
    for (int expert = 0; expert < order.length; expert++) {
      float score = scores[from + expert];
      if (score > 0) {
        order[found++] = (long) Float.floatToIntBits(score) << EXPERT_BITS | (EXPERT_MASK - expert);
      }
    }
    Arrays.sort(order, 0, found);
    int count = Math.min(most, found);
    for (int i = 0; i < count; i++) {
      ranked[i] = EXPERT_MASK - (int) (order[found - 1 - i] & EXPERT_MASK);
      rankedScores[i] = scores[from + ranked[i]];
    }
    if (count > 0) {
      sink.predicted(targetLayer, count, ranked, rankedScores);
    }
  }
}
