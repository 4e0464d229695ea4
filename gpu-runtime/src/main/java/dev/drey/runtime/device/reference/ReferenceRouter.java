package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.RouterSpec;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.DType;

/** Softmax over all experts, then the k most likely, the lower expert first among equals. */
final class ReferenceRouter {
  private ReferenceRouter() {}

  static void route(
      HeapBuffer x, int rows, int hidden, HeapBuffer weight, RouterSpec spec, Routing out) {
    float[] values = new float[spec.experts()];
    float[] input = new float[hidden];
    for (int row = 0; row < rows; row++) {
      ReferenceStream.load(x, DType.F32, (long) row * hidden, input);
      for (int expert = 0; expert < spec.experts(); expert++) {
        values[expert] = (float) weight.dot(input, DType.F32, (long) expert * hidden);
      }
      softmax(values);
      choose(values, spec, out, row * spec.k());
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

  private static void choose(float[] probabilities, RouterSpec spec, Routing out, int at) {
    boolean[] taken = new boolean[spec.experts()];
    double sum = 0;
    for (int rank = 0; rank < spec.k(); rank++) {
      int best = -1;
      for (int expert = 0; expert < spec.experts(); expert++) {
        if (!taken[expert] && (best < 0 || probabilities[expert] > probabilities[best])) {
          best = expert;
        }
      }
      taken[best] = true;
      out.experts()[at + rank] = best;
      out.weights()[at + rank] = probabilities[best];
      sum += probabilities[best];
    }
    if (spec.normalise()) {
      for (int rank = 0; rank < spec.k(); rank++) {
        out.weights()[at + rank] = (float) (out.weights()[at + rank] / sum);
      }
    }
  }
}
