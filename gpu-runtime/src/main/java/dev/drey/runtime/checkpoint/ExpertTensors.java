package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.TensorRegion;

/**
 * Where the weights of one SwiGLU feed-forward network are.
 *
 * @param gate {@code [intermediate, hidden]}
 * @param up {@code [intermediate, hidden]}
 * @param down {@code [hidden, intermediate]}
 */
public record ExpertTensors(TensorRegion gate, TensorRegion up, TensorRegion down) {
  /** Bytes of the three together. */
  public long bytes() {
    return gate.bytes() + up.bytes() + down.bytes();
  }
}
