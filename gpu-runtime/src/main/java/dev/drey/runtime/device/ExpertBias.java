package dev.drey.runtime.device;

/**
 * Biases of one expert, always resident.
 *
 * @param gate float32 {@code [intermediate]}
 * @param up float32 {@code [intermediate]}
 * @param down float32 {@code [hidden]}
 */
public record ExpertBias(DeviceBuffer gate, DeviceBuffer up, DeviceBuffer down) {}
