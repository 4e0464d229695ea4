package dev.drey.runtime.kvcache;

import org.jspecify.annotations.Nullable;

/** A block whose tokens are all stored, after the blocks before it. Identity counts. */
final class PrefixNode {
  private final BlockKey key;
  private final int block;

  PrefixNode(BlockKey key, int block) {
    this.key = key;
    this.block = block;
  }

  BlockKey key() {
    return key;
  }

  int block() {
    return block;
  }

  /** The block before; null for the first of a sequence. */
  @Nullable PrefixNode parent() {
    return key.parent();
  }
}
