package dev.drey.runtime.model;

/**
 * Grouped-query attention.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; each serves {@code heads / kvHeads} query heads
 * @param headDim width of one head
 * @param qkNorm whether queries and keys are RMS-normalised per head before the rotary embedding
 * @param ropeTheta base of the rotary embedding's frequencies
 */
public record AttentionConfig(
    int heads, int kvHeads, int headDim, boolean qkNorm, double ropeTheta) {
  /** Width of all query heads together. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all key (or value) heads together. */
  public int kvWidth() {
    return kvHeads * headDim;
  }
}
