package dev.drey.runtime.device;

import dev.drey.runtime.model.NormConfig;
import org.jspecify.annotations.Nullable;

/**
 * A norm with its learned weights.
 *
 * @param kind what is normalised
 * @param weight float32 {@code [width]}
 * @param bias float32 {@code [width]}; null where there is none
 * @param epsilon added to the variance
 */
public record Norm(
    NormConfig.Kind kind, DeviceBuffer weight, @Nullable DeviceBuffer bias, float epsilon) {
  /** An RMS norm. */
  public static Norm rms(DeviceBuffer weight, float epsilon) {
    return new Norm(NormConfig.Kind.RMS, weight, null, epsilon);
  }
}
