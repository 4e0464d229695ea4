package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.ExpertChoice;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.RouterConfig.Score;
import org.jspecify.annotations.Nullable;

/** Logits row by row, then the router's rule. */
final class ReferenceRouter {
  private final Router router;
  private final float[] logitBias;
  private final float[] choiceBias;
  private final ExpertChoice choice;

  ReferenceRouter(Router router) {
    this.router = router;
    this.logitBias = floats(router.logitBias() == null ? null : HeapBuffer.of(router.logitBias()));
    this.choiceBias =
        floats(router.choiceBias() == null ? null : HeapBuffer.of(router.choiceBias()));
    this.choice = new ExpertChoice(router.experts(), router.k(), router.rule());
  }

  private float[] floats(@Nullable HeapBuffer buffer) {
    float[] values = new float[buffer == null ? 0 : router.experts()];
    if (buffer != null) {
      ReferenceStream.load(buffer, DType.F32, 0, values);
    }
    return values;
  }

  void route(HeapBuffer x, int rows, int hidden, Routing out) {
    HeapBuffer weight = HeapBuffer.of(router.weight());
    float[] values = new float[router.experts()];
    float[] input = new float[hidden];
    for (int row = 0; row < rows; row++) {
      ReferenceStream.load(x, DType.F32, (long) row * hidden, input);
      for (int expert = 0; expert < values.length; expert++) {
        values[expert] = (float) weight.dot(input, DType.F32, (long) expert * hidden);
        values[expert] += logitBias.length == 0 ? 0 : logitBias[expert];
      }
      if (router.rule().score() == Score.SPARSE_MIXER) {
        choice.mix(values, 0, out, row * router.k());
      } else {
        score(values);
        choice.choose(values, 0, choiceBias, out, row * router.k());
      }
    }
  }

  private void score(float[] values) {
    if (router.rule().score() == Score.SOFTMAX) {
      softmax(values);
      return;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ReferenceStream.sigmoid(values[i]);
    }
  }

  private static void softmax(float[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (float value : values) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (float value : values) {
      sum += StrictMath.exp(value - max);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (StrictMath.exp(values[i] - max) / sum);
    }
  }
}
