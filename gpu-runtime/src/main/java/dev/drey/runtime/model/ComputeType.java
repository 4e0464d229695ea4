package dev.drey.runtime.model;

/**
 * How activations are computed. Expert and projection weights are bfloat16 in both; the residual
 * stream, the router, softmax and every reduction over the vocabulary are float32 in both.
 */
public enum ComputeType {
  /** Activations and the KV cache in float32. */
  F32(DType.F32),
  /** Matmul inputs and the KV cache rounded to bfloat16; accumulation in float32. */
  BF16(DType.BF16);

  private final DType activation;

  ComputeType(DType activation) {
    this.activation = activation;
  }

  /** Element type of matmul inputs and of stored keys and values. */
  public DType activation() {
    return activation;
  }
}
