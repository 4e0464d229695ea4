package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.util.Arrays;

/**
 * Tells what rows are expected to be sent to: the union over the rows of the experts that a router
 * chose for them, most popular first: by number of rows, then by the sum of their weights, then the
 * lower expert. The score is the number of rows. Costs O(rows · k) and a sort.
 */
final class RowVotes {
  private static final int WEIGHT_BITS = 31; // of a non-negative float, which sort like its value
  private static final int TOKEN_BITS = Long.SIZE - 1 - WEIGHT_BITS - Ranking.EXPERT_BITS;
  private static final int EXPERT_MASK = (1 << Ranking.EXPERT_BITS) - 1;

  private final int[] tokensOf;
  private final float[] weightOf;
  private final long[] order;
  private final int[] ranked;
  private final float[] scores;

  RowVotes(int experts) {
    tokensOf = new int[experts];
    weightOf = new float[experts];
    order = new long[experts];
    ranked = new int[experts];
    scores = new float[experts];
  }

  /**
   * Tells a layer's experts.
   *
   * @throws IllegalArgumentException if there are too many rows to count
   */
  void tell(PredictionSink sink, int layer, Routing routing, int rows) {
    if (rows >= 1 << TOKEN_BITS) {
      throw new IllegalArgumentException(
          "at most " + ((1 << TOKEN_BITS) - 1) + " rows per step, found " + rows);
    }
    count(routing, rows);
    int found = 0;
    for (int expert = 0; expert < tokensOf.length; expert++) {
      if (tokensOf[expert] > 0) {
        order[found++] = sortKey(expert);
      }
    }
    Arrays.sort(order, 0, found);
    for (int i = 0; i < found; i++) {
      ranked[i] = EXPERT_MASK - (int) (order[found - 1 - i] & EXPERT_MASK);
      scores[i] = tokensOf[ranked[i]];
    }
    if (found > 0) {
      sink.predicted(layer, found, ranked, scores);
    }
  }

  private void count(Routing routing, int rows) {
    Arrays.fill(tokensOf, 0);
    Arrays.fill(weightOf, 0);
    for (int i = 0; i < rows * routing.k(); i++) {
      int expert = routing.experts()[i];
      tokensOf[expert]++;
      weightOf[expert] += routing.weights()[i];
    }
  }

  /** Rows, then weight, then the lower expert, packed so that the likeliest is the largest. */
  private long sortKey(int expert) {
    long weight = Float.floatToIntBits(Math.max(0, weightOf[expert]));
    return (long) tokensOf[expert] << (WEIGHT_BITS + Ranking.EXPERT_BITS)
        | weight << Ranking.EXPERT_BITS
        | (EXPERT_MASK - expert);
  }
}
