package dev.drey.runtime.synth;

/**
 * Dimensions of a synthetic model, of whatever {@link SyntheticFamily}.
 *
 * @param hidden model width
 * @param layers decoder layers; DeepSeek's first has no experts
 * @param experts routed experts per layer
 * @param expertsPerToken experts per token
 * @param intermediate width of one expert
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of one head; of DeepSeek's the part that is not rotated, and half of that is
 *     added rotated
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
  private static final int MIN_VOCABULARY = 512;

  /** 1.6 GB of experts: small enough for a laptop, too large for its caches. */
  public static final SyntheticSpec DEFAULT =
      new SyntheticSpec(1024, 8, 64, 4, 512, 16, 4, 128, 32_768, 4096, 1);

  public SyntheticSpec {
    require(hidden >= 1 && layers >= 1 && intermediate >= 1, "sizes must be positive");
    require(
        expertsPerToken >= 1 && expertsPerToken <= experts,
        "experts per token must be from 1 to " + experts + ", not " + expertsPerToken);
    require(
        kvHeads >= 1 && heads >= 1 && heads % kvHeads == 0,
        heads + " query heads cannot be shared evenly by " + kvHeads + " key/value heads");
    require(headDim >= 2 && headDim % 2 == 0, "head width must be even, not " + headDim);
    require(maxPositions >= 1, "positions must be positive, not " + maxPositions);
    require(
        vocabulary >= MIN_VOCABULARY,
        "a vocabulary has at least " + MIN_VOCABULARY + " ids, not " + vocabulary);
  }

  /**
   * Refuses what a model cannot have.
   *
   * @throws IllegalArgumentException with the rule, if it does not hold
   */
  static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("synthetic model: " + rule);
    }
  }

  /** Bytes of all routed experts in bfloat16, if every layer has them. */
  public long expertBytes() {
    return 2L * layers * experts * 3 * hidden * intermediate;
  }
}
