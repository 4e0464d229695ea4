package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.io.DataInputStream;
import java.io.DataOutputStream;

/**
 * Experts chosen blindly, the same ones for a layer of a step whenever it is asked. The negative
 * control: whatever it gains is not owed to prediction, and where the link is the bottleneck it
 * must lose.
 *
 * <p>Costs O(E) per layer ahead. Nothing is learnt.
 */
final class RandomPredictor extends HistoryPredictor {
  RandomPredictor(PredictorShape shape, PredictorOptions options) {
    super("random.uniform", shape, options.lookaheadOr(1));
  }

  @Override
  void learn(StepRows rows, int place, Routing routing) {}

  @Override
  void score(StepRows rows, int now, int target, float[] into) {
    for (int expert = 0; expert < into.length; expert++) {
      long draw = mix(mix(rows.step() * shape.places() + target) + expert);
      into[expert] = ((draw >>> 41) + 1) * 0x1p-23f;
    }
  }

  /** The finaliser of SplitMix64: a bijection that scatters neighbouring numbers. */
  private static long mix(long number) {
    long z = number + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  @Override
  void write(DataOutputStream out) {}

  @Override
  void read(DataInputStream in) {}
}
