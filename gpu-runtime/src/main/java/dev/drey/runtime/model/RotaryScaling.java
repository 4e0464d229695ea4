package dev.drey.runtime.model;

import java.util.List;

/** How the frequencies of a rotary embedding are changed for longer sequences than in training. */
public sealed interface RotaryScaling {
  /** No change. */
  record None() implements RotaryScaling {}

  /**
   * All positions are divided (position interpolation, Chen et al., arXiv 2306.15595).
   *
   * @param factor divisor
   */
  record Linear(double factor) implements RotaryScaling {}

  /**
   * The base is raised by {@code alpha^(dims / (dims - 2))} (NTK-aware scaling with fixed alpha).
   *
   * @param alpha strength
   */
  record NtkAlpha(double alpha) implements RotaryScaling {}

  /**
   * YaRN (Peng et al., arXiv 2309.00071): slow frequencies are interpolated, fast ones kept, with a
   * ramp between them.
   *
   * @param factor divisor of the slow frequencies
   * @param originalPositions positions in training
   * @param betaFast rotations over those positions from which a frequency is kept
   * @param betaSlow rotations up to which it is interpolated
   * @param truncate whether the ramp begins and ends at whole dimensions
   * @param magnitude factor on cosines and sines
   */
  record Yarn(
      double factor,
      int originalPositions,
      double betaFast,
      double betaSlow,
      boolean truncate,
      double magnitude)
      implements RotaryScaling {
    /** YaRN's magnitude for a factor: {@code 0.1 * strength * ln(factor) + 1}. */
    public static double magnitude(double factor, double strength) {
      return factor <= 1 ? 1 : 0.1 * strength * Math.log(factor) + 1;
    }
  }

  /**
   * The scaling of Llama 3.1: long waves are interpolated, short ones kept.
   *
   * @param factor divisor of the long waves
   * @param lowFrequencyFactor waves longer than {@code originalPositions / lowFrequencyFactor} are
   *     long
   * @param highFrequencyFactor waves shorter than {@code originalPositions / highFrequencyFactor}
   *     are short
   * @param originalPositions positions in training
   */
  record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
      implements RotaryScaling {}

  /**
   * LongRoPE (Ding et al., arXiv 2402.13753): a divisor per frequency, one set for sequences within
   * the positions of training and one for longer ones. Which set applies is decided once per
   * request, by the longest that its sequence can get.
   *
   * @param shortFactors divisors for short sequences
   * @param longFactors divisors for long ones
   * @param shortMagnitude factor on cosines and sines of short sequences
   * @param longMagnitude factor on those of long ones
   * @param originalPositions longest short sequence
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      double shortMagnitude,
      double longMagnitude,
      int originalPositions)
      implements RotaryScaling {
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }
}
