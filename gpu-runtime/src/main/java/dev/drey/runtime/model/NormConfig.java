package dev.drey.runtime.model;

/**
 * The norms of the residual stream, and of whatever else the model normalises with learned weights.
 *
 * @param kind what is normalised
 * @param epsilon added to the variance
 * @param zeroCentred whether stored scales are offsets from 1
 */
public record NormConfig(Kind kind, float epsilon, boolean zeroCentred) {
  /** What is normalised. */
  public enum Kind {
    /** {@code x / sqrt(mean(x²) + epsilon) * weight}. */
    RMS,
    /** {@code (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias}. */
    LAYER
  }

  /** The common RMS norm. */
  public static NormConfig rms(double epsilon) {
    return new NormConfig(Kind.RMS, (float) epsilon, false);
  }
}
