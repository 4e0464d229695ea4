package dev.drey.runtime.device;

/**
 * What the projections of one gated delta rule layer give, all float32.
 *
 * @param queries {@code [rows, keyHeads * keyWidth]}
 * @param keys {@code [rows, keyHeads * keyWidth]}
 * @param values {@code [rows, valueHeads * valueWidth]}
 * @param gate {@code [rows, valueHeads * valueWidth]}
 * @param strength {@code [rows, valueHeads]}, before the sigmoid
 * @param decay {@code [rows, valueHeads]}, before bias and softplus
 */
public record DeltaInput(
    DeviceBuffer queries,
    DeviceBuffer keys,
    DeviceBuffer values,
    DeviceBuffer gate,
    DeviceBuffer strength,
    DeviceBuffer decay) {}
