package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.DType;

/**
 * How one block of the key/value pool lies in memory: keys of all heads, each packed as the weights
 * {@code [keyDim, tokens]} of the score product, then values of all heads, each packed as the
 * weights {@code [tokens, valueDim]} of the value product. Nothing is repacked when it is read.
 */
final class KvFormat {
  /** Tokens per block; part of the numeric contract. */
  static final int BLOCK_TOKENS = 64;

  private static final int ALIGNMENT = 64;

  private final KvShape shape;
  private final DType type;
  private final long keyBytes;
  private final long valueBytes;
  private final int[] keyHead;
  private final int[] keyDimension;
  private final int[] keyToken;
  private final int[] valueHead;
  private final int[] valueToken;
  private final int[] valueDimension;

  KvFormat(OneDnn library, KvShape shape, DType type) {
    if (shape.blockTokens() != BLOCK_TOKENS) {
      throw new IllegalArgumentException(
          "KV blocks of %d tokens; the cpu device takes %d"
              .formatted(shape.blockTokens(), BLOCK_TOKENS));
    }
    this.shape = shape;
    this.type = type;
    WeightFormat keys = library.format(scores(shape, type).weights());
    WeightFormat values = library.format(values(shape, type).weights());
    this.keyBytes = aligned(keys.bytes());
    this.valueBytes = aligned(values.bytes());
    this.keyHead = keys.offsets(0);
    this.keyDimension = keys.offsets(1);
    this.keyToken = keys.offsets(2);
    this.valueHead = values.offsets(0);
    this.valueToken = values.offsets(1);
    this.valueDimension = values.offsets(2);
  }

  /** {@code scores[rows, tokens] = queries[rows, keyDim] · keys}, for all heads at once. */
  static MatmulSpec scores(KvShape shape, DType type) {
    return MatmulSpec.batched(
        shape.kvHeads(), shape.kvHeads(), shape.keyDim(), BLOCK_TOKENS, type, MatmulSpec.Post.NONE);
  }

  /** {@code out[rows, valueDim] = weights[rows, tokens] · values}, for all heads at once. */
  static MatmulSpec values(KvShape shape, DType type) {
    return MatmulSpec.batched(
        shape.kvHeads(),
        shape.kvHeads(),
        BLOCK_TOKENS,
        shape.valueDim(),
        type,
        MatmulSpec.Post.NONE);
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  KvShape shape() {
    return shape;
  }

  DType type() {
    return type;
  }

  /** Bytes of one block in one layer. */
  long blockBytes() {
    return keyBytes + valueBytes;
  }

  /** Where the keys of a head begin in a block, in bytes. */
  int keysOf(int head) {
    return keyHead[head] * type.bytes();
  }

  /** Where the values of a head begin in a block, in bytes. */
  int valuesOf(int head) {
    return (int) keyBytes + valueHead[head] * type.bytes();
  }

  /** Bytes of one head's values. */
  int valueBytesPerHead() {
    return (int) valueBytes / shape.kvHeads();
  }

  /** Offset of each dimension of a key, in elements. */
  int[] keyDimension() {
    return keyDimension;
  }

  /** Offset of each token's key, in elements. */
  int[] keyToken() {
    return keyToken;
  }

  /** Offset of each token's value, in elements. */
  int[] valueToken() {
    return valueToken;
  }

  /** Offset of each dimension of a value, in elements. */
  int[] valueDimension() {
    return valueDimension;
  }
}
