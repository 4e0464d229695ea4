package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * Evicts the lowest weighted sum of four terms, each from 0 to 1: how lately an expert was used,
 * how often, how often at high precision, and how near ahead its layer is.
 *
 * <p>{@code w_lru · R/T + w_lfu · F/T + w_lhu · H/T + w_fld · (1 − ((l − l_now) mod L) / L)}, with
 * R the pass of the last use, F the number of uses, H that of uses at high precision and T the
 * present pass. Here every use is at full precision, so H is F and the two weights act together.
 *
 * <p>Tang et al., "HOBBIT: A Mixed Precision Expert Offloading System for Fast MoE Inference"
 * (arXiv 2411.01433), the expert caching score. There R, F and T begin anew with every sequence; a
 * batch group has no beginning, so all three are aged by half a {@link #PERIOD} whenever T has
 * reached one.
 */
final class WeightedPolicy extends ScoredPolicy {
  /** Passes after which the past loses half of its weight. */
  static final int PERIOD = 256;

  /**
   * The weights; they sum to 1.
   *
   * @param recency w_lru
   * @param frequency w_lfu
   * @param highPrecision w_lhu
   * @param layer w_fld
   */
  record Weights(double recency, double frequency, double highPrecision, double layer) {
    static final Weights DEFAULT = new Weights(0.25, 0.25, 0.25, 0.25);
  }

  private final Weights weights;
  private final double[] lastUses;
  private final double[] uses;
  private long seen;
  private double time;

  WeightedPolicy(CacheShape shape) {
    this(shape, Weights.DEFAULT);
  }

  WeightedPolicy(CacheShape shape, Weights weights) {
    super("hobbit.weighted", shape);
    this.weights = weights;
    this.lastUses = new double[table.size()];
    this.uses = new double[table.size()];
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    if (seen != passes()) {
      seen = passes();
      pass();
    }
    for (int i = 0; i < count; i++) {
      lastUses[experts[i]] = time;
      uses[experts[i]] += 1;
    }
    changed(layer);
  }

  private void pass() {
    time++;
    if (time > PERIOD) {
      time -= PERIOD / 2.0;
      for (int expert = 0; expert < table.size(); expert++) {
        lastUses[expert] = Math.max(0, lastUses[expert] - PERIOD / 2.0);
        uses[expert] /= 2;
      }
      for (int layer = 0; layer < table.layers(); layer++) {
        changed(layer);
      }
    }
  }

  @Override
  void refresh(int layer) {
    double frequency = weights.frequency() + weights.highPrecision();
    for (int expert = first(layer); expert <= last(layer); expert++) {
      keys[expert] = weights.recency() * lastUses[expert] + frequency * uses[expert];
    }
  }

  @Override
  double score(int layer, double key) {
    int ahead = ahead(layer) % table.layers();
    double near = 1 - (double) ahead / table.layers();
    return key / Math.max(1, time) + weights.layer() * near;
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    SnapshotFormat.writeAll(out, lastUses);
    SnapshotFormat.writeAll(out, uses);
    out.writeLong(seen);
    out.writeDouble(time);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    SnapshotFormat.readAll(in, lastUses);
    SnapshotFormat.readAll(in, uses);
    seen = in.readLong();
    time = in.readDouble();
  }
}
