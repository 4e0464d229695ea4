package dev.drey.runtime.synth;

import dev.drey.runtime.safetensors.TensorSpec;

/**
 * One tensor to be written.
 *
 * @param tensor name, type and shape
 * @param kind what its numbers are
 * @param deviation standard deviation of random numbers; 0 for constant ones
 */
record SyntheticTensor(TensorSpec tensor, Kind kind, double deviation) {
  /** What a tensor's numbers are. */
  enum Kind {
    ONES,
    ZEROS,
    /** Random; its products stay within a block. */
    INNER,
    /** Random; its products are added to the residual stream. */
    ONTO_STREAM,
    /** A row per token. */
    EMBEDDING,
    /** A row per expert. */
    ROUTER,
    /** A row per token. */
    OUTPUT
  }
}
