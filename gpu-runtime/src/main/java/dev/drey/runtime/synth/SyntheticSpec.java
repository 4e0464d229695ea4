package dev.drey.runtime.synth;

/**
 * Dimensions of a synthetic Qwen3-MoE model.
 *
 * @param hidden model width
 * @param layers decoder layers, each with experts
 * @param experts routed experts per layer
 * @param expertsPerToken experts per token
 * @param intermediate width of one expert
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of one head
 * @param vocabulary token ids, at least 512
 * @param maxPositions longest sequence
 * @param seed of all weights
 */
public record SyntheticSpec(
    int hidden,
    int layers,
    int experts,
    int expertsPerToken,
    int intermediate,
    int heads,
    int kvHeads,
    int headDim,
    int vocabulary,
    int maxPositions,
    long seed) {
  /** 1.6 GB of experts: small enough for a laptop, too large for its caches. */
  public static final SyntheticSpec DEFAULT =
      new SyntheticSpec(1024, 8, 64, 4, 512, 16, 4, 128, 32_768, 4096, 1);

  /** Bytes of all routed experts in bfloat16. */
  public long expertBytes() {
    return 2L * layers * experts * 3 * hidden * intermediate;
  }
}
