package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Evicts the largest 1/(p · freq): the least probable times the least frequent. freq counts the
 * demands, fading, from 1, so that an expert that is expected for the first time stays; p is the
 * expert's share of what is predicted for its layer, or, where nothing is predicted, its share of
 * the tokens of the layer's last demand, mixed with a little of the uniform distribution, so that
 * among experts nobody expects the frequency decides.
 *
 * <p>"Taming Latency-Memory Trade-Off in MoE-Based LLM Serving via Fine-Grained Expert Offloading"
 * (fMoE, later FineMoE; arXiv 2502.05370), section on eviction. There p comes from the stored map
 * that fits best; the last demand is the nearest map we have without a predictor.
 */
final class ProbabilityPolicy extends PredictedPolicy {
  /** Share of the uniform distribution in p. */
  private static final double DOUBT = 0.05;

  private final double[] frequencies;
  private final double[] lastShares;

  ProbabilityPolicy(CacheShape shape) {
    super("finemoe.inverse-probability", shape);
    frequencies = new double[table.size()];
    lastShares = new double[table.size()];
  }

  @Override
  void learn(int layer, int[] experts, int count, int[] tokens) {
    DemandCounts.fade(frequencies, first(layer), last(layer) + 1, LfuPolicy.FADING);
    Arrays.fill(lastShares, first(layer), last(layer) + 1, 0);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += tokens[i];
    }
    for (int i = 0; i < count; i++) {
      frequencies[experts[i]] += 1;
      lastShares[experts[i]] = tokens[i] / sum;
    }
  }

  @Override
  void refresh(int layer) {
    boolean ahead = predicted().isKnown(layer);
    for (int expert = first(layer); expert <= last(layer); expert++) {
      double share =
          ahead ? predicted().score(expert) / predicted().sum(layer) : lastShares[expert];
      double probability = (1 - DOUBT) * share + DOUBT / table.perLayer();
      keys[expert] = probability * (1 + frequencies[expert]);
    }
  }

  @Override
  double score(int layer, double key) {
    return key;
  }

  @Override
  void writeLearnt(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, frequencies);
    SnapshotFormat.writeAll(out, lastShares);
  }

  @Override
  void readLearnt(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, frequencies);
    SnapshotFormat.readAll(in, lastShares);
  }
}
