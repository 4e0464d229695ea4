package dev.drey.runtime.layers;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.trace.TraceSink;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Tells a trace what routers chose and what predictors said. Predictions are told as they came out
 * of the gates, so that they can be replayed without hidden states. One thread at a time.
 */
final class LayerTrace {
  private final TraceSink sink;
  private final float[] weightOf;
  private final int[] experts;
  private final int[] tokens;
  private final float[] weights;
  private final int[] predicted;
  private final float[] scores;

  LayerTrace(TraceSink sink, int expertsPerLayer) {
    this.sink = sink;
    this.weightOf = new float[expertsPerLayer];
    this.experts = new int[expertsPerLayer];
    this.tokens = new int[expertsPerLayer];
    this.weights = new float[expertsPerLayer];
    this.predicted = new int[expertsPerLayer];
    this.scores = new float[expertsPerLayer];
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
    sink.routed(System.nanoTime(), batch.step(), layer, count, experts, tokens, weights);
  }

  /** One run of a predictor. */
  final class Predicting implements Consumer<Prediction> {
    private final Consumer<Prediction> next;
    private int count;

    private Predicting(Consumer<Prediction> next) {
      this.next = next;
    }

    @Override
    public void accept(Prediction prediction) {
      predicted[count] = prediction.expert().index();
      scores[count++] = prediction.score();
      next.accept(prediction);
    }

    void done(long step, int issuedAtLayer, int targetLayer) {
      sink.predicted(System.nanoTime(), step, issuedAtLayer, targetLayer, count, predicted, scores);
    }
  }

  /** Whether somebody listens. */
  boolean isRecording() {
    return sink.isRecording();
  }

  /** Listens to a predictor on the way to whoever takes its predictions. */
  Predicting predicting(Consumer<Prediction> next) {
    return new Predicting(next);
  }
}
