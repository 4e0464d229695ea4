package dev.drey.runtime.layers;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.trace.TraceSink;
import java.util.Arrays;

/** Tells a trace what routers chose. One thread at a time. */
final class LayerTrace {
  private final TraceSink sink;
  private final float[] weightOf;
  private final int[] experts;
  private final int[] tokens;
  private final float[] weights;

  LayerTrace(TraceSink sink, int expertsPerLayer) {
    this.sink = sink;
    this.weightOf = new float[expertsPerLayer];
    this.experts = new int[expertsPerLayer];
    this.tokens = new int[expertsPerLayer];
    this.weights = new float[expertsPerLayer];
  }

  /** A router has chosen; {@code chosen} is the same by expert. */
  void routed(int layer, StepBatch batch, Routing routing, ExpertTokens chosen) {
    if (!sink.isRecording()) {
      return;
    }
    Arrays.fill(weightOf, 0);
    for (int entry = 0; entry < batch.rows() * routing.k(); entry++) {
      weightOf[routing.experts()[entry]] += routing.weights()[entry];
    }
    int count = chosen.distinct();
    for (int i = 0; i < count; i++) {
      int expert = chosen.experts()[i];
      experts[i] = expert;
      tokens[i] = chosen.tokens()[i];
      weights[i] = weightOf[expert];
    }
    long now = System.nanoTime();
    sink.rowsRouted(
        now, batch.step(), layer, 0, batch.rows(), routing.experts(), routing.weights());
    sink.routed(now, batch.step(), layer, count, experts, tokens, weights);
  }
}
