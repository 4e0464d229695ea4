package dev.drey.runtime.predict;

import java.util.Arrays;

/**
 * Experts by falling score, ties to the lower expert; those without a score above 0 are left out.
 * One sort of packed numbers, O(E log E); no allocation. One thread at a time.
 */
final class Ranking {
  static final int EXPERT_BITS = 12;
  private static final int EXPERT_MASK = (1 << EXPERT_BITS) - 1;

  private final long[] order;
  private final int[] ranked;
  private final float[] scores;

  Ranking(int experts) {
    order = new long[experts];
    ranked = new int[experts];
    scores = new float[experts];
  }

  /**
   * Ranks.
   *
   * @param scoreOf by expert
   * @return how many have a rank
   */
  int rank(float[] scoreOf) {
    int found = 0;
    for (int expert = 0; expert < order.length; expert++) {
      if (scoreOf[expert] > 0) {
        long score = Float.floatToIntBits(scoreOf[expert]); // sorts like its value
        order[found++] = score << EXPERT_BITS | (EXPERT_MASK - expert);
      }
    }
    Arrays.sort(order, 0, found);
    for (int i = 0; i < found; i++) {
      ranked[i] = EXPERT_MASK - (int) (order[found - 1 - i] & EXPERT_MASK);
      scores[i] = scoreOf[ranked[i]];
    }
    return found;
  }

  /** The expert of a rank, from 0. */
  int expert(int rank) {
    return ranked[rank];
  }

  /** Ranks, and tells a sink the first of them; nothing if there are none. */
  void tell(PredictionSink sink, int targetLayer, float[] scoreOf, int most) {
    int count = Math.min(most, rank(scoreOf));
    if (count > 0) {
      sink.predicted(targetLayer, count, ranked, scores);
    }
  }
}
