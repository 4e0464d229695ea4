package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Which experts of a layer the rows go to that came from an expert of the layer before: a table of
 * counts per pair of neighbouring layers. Every expert of the layer routed last votes for its
 * successors with the rows it got; the sums rank the next layer. For layers farther ahead the votes
 * go through the tables in between. The first layer has plain popularity.
 *
 * <p>Fang et al., "Klotski: Efficient Mixture-of-Expert Inference via Expert-Aware Multi-Batch
 * Pipeline" (ASPLOS 2025, arXiv 2502.06888), section on the prefetcher. There only the two
 * likeliest successors get a vote and raw counts weigh; here all do, with their share of the
 * expert's rows, so that an expert often used does not drown the others. The table fills online
 * alone, and rows of it are halved when they grow large, so that another domain is learnt.
 *
 * <p>Costs O(rows · k²) to learn and O(E · experts demanded) to vote for the next layer, O(E²) for
 * each farther one; 4 · layers · E² bytes.
 */
final class CorrelationPredictor extends HistoryPredictor {
  private static final long MOST_ENTRIES = 1L << 28;

  /** Total of a table row at which it is halved. */
  private static final float MOST_COUNTED = 4096;

  private final int experts;
  private final float[][] next; // of each place but the last: [expert][expert of the next place]
  private final float[] totals; // of each row of them
  private final float[] first; // popularity in the first place

  // -- the step
  private int[] before = new int[0]; // what the rows chose at the place routed last
  private int beforePlace = -2;
  private float[] votes;
  private float[] further;

  CorrelationPredictor(PredictorShape shape, PredictorOptions options) {
    super("klotski.correlation", shape, options.lookaheadOr(1));
    experts = shape.experts();
    long entries = (long) shape.places() * experts * experts;
    if (entries > MOST_ENTRIES) {
      throw new IllegalArgumentException(
          "klotski.correlation keeps layers * experts * experts counts, at most %d; found %d * %d * %d"
              .formatted(MOST_ENTRIES, shape.places(), experts, experts));
    }
    next = new float[shape.places() - 1][experts * experts];
    totals = new float[shape.totalExperts()];
    first = new float[experts];
    votes = new float[experts];
    further = new float[experts];
  }

  @Override
  void began(StepRows rows) {
    beforePlace = STEP_BEGIN;
    System.arraycopy(first, 0, votes, 0, experts);
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    int k = routing.k();
    int entries = rows.rows() * k;
    int[] chosen = routing.experts();
    Arrays.fill(votes, 0);
    for (int i = 0; i < entries; i++) {
      votes[chosen[i]]++;
    }
    if (place == 0) {
      fade();
    } else if (beforePlace == place - 1) {
      for (int row = 0; row < rows.rows(); row++) {
        for (int i = row * k; i < (row + 1) * k; i++) {
          count(place - 1, before[i], chosen, row * k, k);
        }
      }
    }
    if (before.length < entries) {
      before = new int[entries];
    }
    System.arraycopy(chosen, 0, before, 0, entries);
    beforePlace = place;
  }

  private void fade() {
    float sum = 0;
    for (int expert = 0; expert < experts; expert++) {
      first[expert] += votes[expert];
      sum += first[expert];
    }
    if (sum > experts * MOST_COUNTED) {
      halve(first, 0, experts);
    }
  }

  private void count(int place, int expert, int[] chosen, int from, int k) {
    float[] table = next[place];
    for (int i = from; i < from + k; i++) {
      table[expert * experts + chosen[i]]++;
    }
    int row = place * experts + expert;
    totals[row] += k;
    if (totals[row] > MOST_COUNTED) {
      halve(table, expert * experts, experts);
      totals[row] /= 2;
    }
  }

  private static void halve(float[] values, int from, int count) {
    for (int i = from; i < from + count; i++) {
      values[i] /= 2;
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    if (target > 0) {
      passOn(target - 1);
    }
    System.arraycopy(votes, 0, into, 0, experts);
  }

  /** Lets the votes of a place's experts go to their successors. */
  private void passOn(int place) {
    Arrays.fill(further, 0);
    float[] table = next[place];
    for (int expert = 0; expert < experts; expert++) {
      float total = totals[place * experts + expert];
      if (votes[expert] > 0 && total > 0) {
        float share = votes[expert] / total;
        int from = expert * experts;
        for (int successor = 0; successor < experts; successor++) {
          further[successor] += share * table[from + successor];
        }
      }
    }
    float[] passed = votes;
    votes = further;
    further = passed;
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    for (float[] table : next) {
      SnapshotFormat.writeAll(out, table);
    }
    SnapshotFormat.writeAll(out, totals);
    SnapshotFormat.writeAll(out, first);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    for (float[] table : next) {
      SnapshotFormat.readAll(in, table);
    }
    SnapshotFormat.readAll(in, totals);
    SnapshotFormat.readAll(in, first);
  }
}
