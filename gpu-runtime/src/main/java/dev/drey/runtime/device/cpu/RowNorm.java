package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.model.NormConfig;
import org.jspecify.annotations.Nullable;

/** A norm with its learned weights on the heap. Loaded before a job, then read by all workers. */
final class RowNorm {
  private NormConfig.Kind kind = NormConfig.Kind.RMS;
  private float epsilon;
  private boolean biased;
  private float[] weights = {};
  private float[] biases = {};

  /**
   * Takes a norm's weights and repeats them, so that they have the indices of the numbers.
   *
   * @param size numbers of a row
   * @param period numbers that are normalised together
   */
  void load(Norm norm, int size, int period) {
    kind = norm.kind();
    epsilon = norm.epsilon();
    biased = norm.bias() != null;
    weights = repeated(norm.weight(), weights, size, period);
    biases = repeated(norm.bias(), biases, size, period);
  }

  private static float[] repeated(@Nullable DeviceBuffer from, float[] last, int size, int period) {
    if (from == null) {
      return last;
    }
    float[] values = last.length < size ? new float[size] : last;
    NativeBuffer.of(from, 4L * period).floats().get(0, values, 0, period);
    for (int i = period; i < size; i++) {
      values[i] = values[i - period];
    }
    return values;
  }

  /** Normalises numbers in place. */
  void apply(float[] values, int from, int count) {
    if (kind == NormConfig.Kind.LAYER) {
      RowMath.add(values, from, count, -RowMath.sum(values, from, count) / count);
    }
    float mean = RowMath.sumOfSquares(values, from, count) / count;
    float factor = (float) (1 / Math.sqrt(mean + epsilon));
    for (int i = from; i < from + count; i++) {
      values[i] = values[i] * factor * weights[i];
    }
    if (biased) {
      for (int i = from; i < from + count; i++) {
        values[i] += biases[i];
      }
    }
  }
}
