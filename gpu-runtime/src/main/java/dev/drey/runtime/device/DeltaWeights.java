package dev.drey.runtime.device;

import dev.drey.runtime.model.GatedDeltaRule;

/**
 * The small weights of one gated delta rule layer, all float32, and how its output is wanted.
 *
 * @param shape its dimensions
 * @param convolution {@code [channels, kernel]}; the last tap is the present token's
 * @param decayRate logarithm of the rate, {@code [valueHeads]}
 * @param decayBias {@code [valueHeads]}
 * @param norm norm of each value head's output, {@code [valueWidth]}
 * @param floatOutput whether the output is float32; otherwise it is of the activation type
 */
public record DeltaWeights(
    GatedDeltaRule shape,
    DeviceBuffer convolution,
    DeviceBuffer decayRate,
    DeviceBuffer decayBias,
    Norm norm,
    boolean floatOutput) {}
