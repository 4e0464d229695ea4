package dev.drey.runtime.device;

import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;

/** Inverse frequencies of a rotary embedding, each rounded to float32 as references do. */
final class Frequencies {
  private Frequencies() {}

  /** {@code theta^(-2i / dims)}. */
  static double[] plain(int dims, double theta) {
    double[] inverse = new double[dims / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1.0f / (float) Math.pow((float) theta, 2.0f * i / dims);
    }
    return inverse;
  }

  /** With the scaling applied; {@link RotaryScaling.LongRope} has none that holds always. */
  static double[] inverse(RotaryConfig config) {
    int dims = config.dims();
    double theta = config.theta();
    RotaryScaling scaling = config.scaling();
    if (scaling instanceof RotaryScaling.NtkAlpha ntk) {
      return plain(dims, theta * Math.pow(ntk.alpha(), dims / (dims - 2.0)));
    }
    double[] inverse = plain(dims, theta);
    if (scaling instanceof RotaryScaling.Linear linear) {
      return linear(inverse, linear.factor());
    }
    if (scaling instanceof RotaryScaling.Yarn yarn) {
      return yarn(inverse, dims, theta, yarn);
    }
    return scaling instanceof RotaryScaling.Llama3 llama ? llama3(inverse, llama) : inverse;
  }

  private static double[] linear(double[] inverse, double factor) {
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = (float) inverse[i] / (float) factor;
    }
    return inverse;
  }

  private static double[] yarn(double[] inverse, int dims, double theta, RotaryScaling.Yarn yarn) {
    double low = turning(yarn.betaFast(), dims, theta, yarn.originalPositions());
    double high = turning(yarn.betaSlow(), dims, theta, yarn.originalPositions());
    if (yarn.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, dims - 1);
    double width = low == high ? 0.001 : high - low;
    for (int i = 0; i < inverse.length; i++) {
      float interpolated = 1.0f / ((float) yarn.factor() * (1.0f / (float) inverse[i]));
      float ramp = (float) Math.min(1, Math.max(0, (i - low) / width));
      float kept = 1 - ramp;
      inverse[i] = interpolated * (1 - kept) + (float) inverse[i] * kept;
    }
    return inverse;
  }

  /** The dimension whose wave turns so many times over the positions of training. */
  private static double turning(double rotations, int dims, double theta, int positions) {
    return dims * Math.log(positions / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double[] llama3(double[] inverse, RotaryScaling.Llama3 llama) {
    double longWave = llama.originalPositions() / llama.lowFrequencyFactor();
    double shortWave = llama.originalPositions() / llama.highFrequencyFactor();
    for (int i = 0; i < inverse.length; i++) {
      double wave = 2 * Math.PI / inverse[i];
      if (wave > longWave) {
        inverse[i] = (float) (inverse[i] / llama.factor());
      } else if (wave >= shortWave) {
        double smooth =
            (llama.originalPositions() / wave - llama.lowFrequencyFactor())
                / (llama.highFrequencyFactor() - llama.lowFrequencyFactor());
        inverse[i] = (float) ((1 - smooth) * inverse[i] / llama.factor() + smooth * inverse[i]);
      }
    }
    return inverse;
  }
}
