package dev.drey.runtime.device;

/**
 * Shape of the paged key/value pool.
 *
 * @param layers decoder layers that keep keys and values
 * @param kvHeads key/value heads per layer
 * @param keyDim width of one head's key
 * @param valueDim width of one head's value
 * @param blockTokens tokens per block; also the fixed number of keys attention takes at a time, so
 *     it is part of the numeric contract
 */
public record KvShape(int layers, int kvHeads, int keyDim, int valueDim, int blockTokens) {
  /** Numbers (keys and values together) of one block in one layer. */
  public long elementsPerLayerBlock() {
    return (long) kvHeads * (keyDim + valueDim) * blockTokens;
  }
}
