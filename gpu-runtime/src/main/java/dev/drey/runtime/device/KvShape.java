package dev.drey.runtime.device;

/**
 * Shape of the paged key/value pool.
 *
 * @param layers decoder layers
 * @param kvHeads key/value heads per layer
 * @param headDim width of one head
 * @param blockTokens tokens per block; also the fixed number of keys attention takes at a time, so
 *     it is part of the numeric contract
 */
public record KvShape(int layers, int kvHeads, int headDim, int blockTokens) {
  /** Numbers (keys and values together) of one block in one layer. */
  public long elementsPerLayerBlock() {
    return 2L * kvHeads * headDim * blockTokens;
  }
}
