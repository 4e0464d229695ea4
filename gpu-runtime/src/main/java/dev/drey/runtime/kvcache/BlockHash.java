package dev.drey.runtime.kvcache;

/** Chains the hash of a block's tokens to that of the blocks before it. */
@FunctionalInterface
interface BlockHash {
  /** The usual one: as {@code java.util.Arrays.hashCode}, over the whole chain. */
  BlockHash CHAIN =
      (before, tokens) -> {
        int hash = before;
        for (int token : tokens) {
          hash = 31 * hash + token;
        }
        return hash;
      };

  /**
   * The hash of a block.
   *
   * @param before that of the block before, or the class of the sequence's length
   * @param tokens the block's tokens
   */
  int of(int before, int[] tokens);
}
