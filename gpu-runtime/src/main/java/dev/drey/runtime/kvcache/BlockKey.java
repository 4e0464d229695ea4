package dev.drey.runtime.kvcache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the keys and values of a whole block depend on: the blocks before it, the class of the
 * sequence's length, and the block's own tokens.
 *
 * <p>Two keys are equal if all of these are. The blocks before are compared by identity of the node
 * that stands for them, which by induction compares every token from the first; the hash only finds
 * candidates and decides nothing.
 */
public final class BlockKey {
  private final @Nullable PrefixNode parent;
  private final int lengthClass;
  private final int[] tokens;
  private final int hash;

  BlockKey(@Nullable PrefixNode parent, int lengthClass, int[] tokens, int hash) {
    this.parent = parent;
    this.lengthClass = lengthClass;
    this.tokens = tokens;
    this.hash = hash;
  }

  @Nullable PrefixNode parent() {
    return parent;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof BlockKey key
        && key.parent == parent
        && key.lengthClass == lengthClass
        && Arrays.equals(key.tokens, tokens);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
