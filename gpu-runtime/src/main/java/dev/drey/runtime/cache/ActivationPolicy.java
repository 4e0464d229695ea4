package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * Evicts what is least likely to be used, shallow layers having the benefit of the doubt. The score
 * of expert j of layer i of L is its share of row i of a matrix of expected activations, times (1 −
 * i/L): at the start of a pass a predictor has had no time to fetch the experts of shallow layers.
 *
 * <p>The row of a layer that lies ahead is what a predictor says of it, if one does. Any other row
 * is the trace so far: the tokens each expert got, fading with every demand of the layer.
 *
 * <p>Xue et al., "MoE-Infinity" (arXiv 2401.14361v3), Algorithm 1, with the predicted activation
 * matrix of the running request. A batch group has no one request; its own fading trace stands in
 * for the requests' matrices where nothing is predicted.
 */
final class ActivationPolicy extends PredictedPolicy {
  /** What is left of a token after another demand: half of it after 22. */
  private static final double FADING = 0.969;

  /** Keeps the order of experts defined where nothing is known; in tokens. */
  private static final double EPSILON = 1e-8;

  private final double[] traced;
  private final double[] sums;

  ActivationPolicy(CacheShape shape) {
    super("infinity.activation", shape);
    traced = new double[table.size()];
    sums = new double[table.layers()];
  }

  @Override
  void learn(int layer, int[] experts, int count, int[] tokens) {
    DemandCounts.fade(traced, first(layer), last(layer) + 1, FADING);
    for (int i = 0; i < count; i++) {
      traced[experts[i]] += tokens[i];
    }
  }

  @Override
  void refresh(int layer) {
    boolean ahead = predicted().isKnown(layer);
    double sum = 0;
    for (int expert = first(layer); expert <= last(layer); expert++) {
      keys[expert] = ahead ? predicted().score(expert) : traced[expert];
      sum += keys[expert];
    }
    sums[layer] = sum;
  }

  @Override
  double score(int layer, double key) {
    double share = (key + EPSILON) / (sums[layer] + table.perLayer() * EPSILON);
    return share * (1 - (double) layer / table.layers());
  }

  @Override
  void writeLearnt(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, traced);
  }

  @Override
  void readLearnt(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, traced);
  }
}
