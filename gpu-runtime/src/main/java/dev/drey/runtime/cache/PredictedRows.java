package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * The scores last predicted for the experts of each layer, until the layer is demanded. A layer's
 * row holds one issue: the first prediction of another issue empties it.
 */
final class PredictedRows {
  private final ExpertTable table;
  private final double[] scores;
  private final double[] sums;
  private final boolean[] known;
  private final long[] steps;
  private final int[] issuedAt;

  PredictedRows(ExpertTable table) {
    this.table = table;
    scores = new double[table.size()];
    sums = new double[table.layers()];
    known = new boolean[table.layers()];
    steps = new long[table.layers()];
    issuedAt = new int[table.layers()];
  }

  /** Takes one prediction in; what is not above 0 counts as not predicted. */
  void add(long step, int issuedAtLayer, int expert, float score) {
    int layer = table.layerOf(expert);
    if (!known[layer] || steps[layer] != step || issuedAt[layer] != issuedAtLayer) {
      forget(layer);
      known[layer] = true;
      steps[layer] = step;
      issuedAt[layer] = issuedAtLayer;
    }
    double counted = Math.max(0, score);
    sums[layer] += counted - scores[expert];
    scores[expert] = counted;
  }

  /** Empties a layer's row. */
  void forget(int layer) {
    int from = layer * table.perLayer();
    Arrays.fill(scores, from, from + table.perLayer(), 0);
    sums[layer] = 0;
    known[layer] = false;
  }

  /** Whether anything is predicted for a layer. */
  boolean isKnown(int layer) {
    return known[layer] && sums[layer] > 0;
  }

  double score(int expert) {
    return scores[expert];
  }

  /** Sum of a layer's scores. */
  double sum(int layer) {
    return sums[layer];
  }

  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, scores);
    SnapshotFormat.writeAll(out, sums);
    SnapshotFormat.writeAll(out, known);
    for (long step : steps) {
      out.writeLong(step);
    }
    SnapshotFormat.writeAll(out, issuedAt);
  }

  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, scores);
    SnapshotFormat.readAll(in, sums);
    SnapshotFormat.readAll(in, known);
    for (int layer = 0; layer < steps.length; layer++) {
      steps[layer] = in.readLong();
    }
    SnapshotFormat.readAll(in, issuedAt);
  }
}
