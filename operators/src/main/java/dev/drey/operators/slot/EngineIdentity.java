package dev.drey.operators.slot;

/**
 * What results depend on besides the request: equal identities give equal bytes.
 *
 * @param model name of the model
 * @param modelDigest SHA-256 of what identifies its files, in hex
 * @param computeType type of the activations
 * @param numericFingerprint instruction set and kernel versions
 */
public record EngineIdentity(
    String model, String modelDigest, String computeType, String numericFingerprint) {}
