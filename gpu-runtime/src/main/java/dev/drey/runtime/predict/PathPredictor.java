package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A dictionary from the experts of two layers in a row to the experts of the layer after them. The
 * rows' paths vote for the next layer with what the dictionary says of them.
 *
 * <p>Yi et al., "EdgeMoE: Fast On-Device Inference of MoE-based Large Language Models" (arXiv
 * 2308.14352), statistical prediction from the activation path. There one expert is chosen per
 * token and layer; here a row has a path for each pair of its two heaviest experts, and the paths
 * vote together. The dictionary fills online alone and is bounded (capacity, 8192 paths): seldom
 * used paths are lost, and each path remembers its 2k likeliest successors. Before the second layer
 * a path is one expert long; the first layer is not predicted. Always one layer ahead.
 *
 * <p>Costs O(rows · k²) per layer.
 */
final class PathPredictor extends HistoryPredictor {
  private static final int CAPACITY = 8192;

  /** Experts of a row that paths go through. */
  private static final int HEAVIEST = 2;

  private final int k;
  private final int heaviest;
  private final long base;
  private final KeyTable paths;
  private final ExpertLists successors;

  // -- the step: what the rows chose at the last two places
  private int[] last = new int[0];
  private int[] secondLast = new int[0];
  private int lastPlace = STEP_BEGIN;

  PathPredictor(PredictorShape shape, PredictorOptions options) {
    super("edgemoe.path", shape, 1);
    k = shape.expertsPerToken();
    heaviest = Math.min(HEAVIEST, k);
    base = shape.experts() + 1L;
    paths = new KeyTable(options.capacityOr(CAPACITY));
    successors = new ExpertLists(paths.capacity(), 2 * k);
  }

  @Override
  void began(StepRows rows) {
    lastPlace = STEP_BEGIN;
    if (last.length < rows.rows() * k) {
      last = new int[rows.rows() * k];
      secondLast = new int[rows.rows() * k];
    }
  }

  /** Expert {@code a} of the place before, or none at all, then {@code b} of the place. */
  private long key(int place, int a, int b) {
    return (place * base + a) * base + b;
  }

  /** The path through a row's experts of ranks i and j. */
  private long path(int row, int i, int j) {
    int a = lastPlace == 0 ? shape.experts() : secondLast[row * k + i];
    return key(lastPlace, a, last[row * k + j]);
  }

  /** Pairs (i, j) of a row; i does not matter where there is no second place yet. */
  private int firstExperts() {
    return lastPlace == 0 ? 1 : heaviest;
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    if (place > 0 && lastPlace == place - 1) {
      for (int row = 0; row < rows.rows(); row++) {
        learn(row, routing);
      }
    }
    int[] reused = secondLast;
    secondLast = last;
    last = reused;
    System.arraycopy(routing.experts(), 0, last, 0, rows.rows() * k);
    lastPlace = place == 0 || lastPlace == place - 1 ? place : STEP_BEGIN;
  }

  private void learn(int row, Routing routing) {
    for (int i = 0; i < firstExperts(); i++) {
      for (int j = 0; j < heaviest; j++) {
        long path = path(row, i, j);
        int number = paths.find(path);
        if (number == KeyTable.NONE) {
          number = paths.add(path);
          successors.clear(number, 1);
        } else {
          paths.use(number);
        }
        for (int rank = row * k; rank < (row + 1) * k; rank++) {
          successors.count(number, routing.experts()[rank]);
        }
      }
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    for (int row = 0; row < rows.rows() && now >= 0 && lastPlace == now; row++) {
      for (int i = 0; i < firstExperts(); i++) {
        for (int j = 0; j < heaviest; j++) {
          int number = paths.find(path(row, i, j));
          if (number != KeyTable.NONE) {
            successors.addShares(number, into);
          }
        }
      }
    }
  }

  @Override
  String settings() {
    return ", " + paths.capacity() + " paths";
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    paths.write(out);
    successors.write(out);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    paths.read(in);
    successors.read(in);
    lastPlace = STEP_BEGIN;
  }
}
