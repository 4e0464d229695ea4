package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * Every layer's most popular experts, by rows sent to them. Counts fade with each demand of the
 * layer, so that another domain is learnt. The best that can be said without looking at the step; a
 * baseline for all others.
 *
 * <p>Costs O(rows · k + E) per layer.
 */
final class PopularityPredictor extends HistoryPredictor {
  /** What is left of a row after another demand: half of it after 256. */
  private static final float FADING = 0.9973f;

  private final float[] counts;

  PopularityPredictor(PredictorShape shape, PredictorOptions options) {
    super("history.popularity", shape, options.lookaheadOr(3));
    counts = new float[shape.totalExperts()];
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {
    int from = place * shape.experts();
    for (int expert = from; expert < from + shape.experts(); expert++) {
      counts[expert] *= FADING;
    }
    for (int i = 0; i < rows.rows() * routing.k(); i++) {
      counts[from + routing.experts()[i]]++;
    }
  }

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    System.arraycopy(counts, target * shape.experts(), into, 0, into.length);
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, counts);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, counts);
  }
}
