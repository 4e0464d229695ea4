package dev.drey.runtime.kvcache;

import java.util.BitSet;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Compares a pool's books with each other and with what tables say they hold. */
final class PoolCheck {
  private final int[] references;
  private final BitSet empty;
  private final @Nullable PrefixNode[] nodes;
  private final PrefixIndex prefixes;

  PoolCheck(
      int[] references, BitSet empty, @Nullable PrefixNode[] nodes, PrefixIndex prefixes) {
    this.references = references;
    this.empty = empty;
    this.nodes = nodes;
    this.prefixes = prefixes;
  }

  /**
   * Checks everything.
   *
   * @throws IllegalStateException naming what disagrees
   */
  void run(Collection<BlockTable> holders, int countedFree, int countedStates) {
    int[] held = new int[references.length];
    int states = 0;
    for (BlockTable table : holders) {
      for (int i = 0; i < table.size(); i++) {
        held[table.block(i)]++;
      }
      states += table.stateSlot() >= 0 ? 1 : 0;
    }
    int free = 0;
    for (int block = 0; block < held.length; block++) {
      checkBlock(block, held[block]);
      free += held[block] == 0 ? 1 : 0;
    }
    require(
        free == countedFree,
        "key/value pool counts %d free blocks and has %d of %d",
        countedFree,
        free,
        held.length);
    require(
        states == countedStates,
        "%d sequences hold a slot of recurrent state, counted %d",
        states,
        countedStates);
    prefixes.nodes().forEach(this::checkNode);
    checkOrder();
    holders.forEach(this::checkTable);
  }

  private void checkBlock(int block, int held) {
    PrefixNode node = nodes[block];
    boolean free = node == null ? empty.get(block) : prefixes.isIdle(node);
    require(
        held == references[block] && free == (held == 0),
        "key/value block %d is held %d times, counted %d times and %s",
        block,
        held,
        references[block],
        free ? "free" : "not free");
    require(
        node == null ? held < 2 : !empty.get(block),
        "key/value block %d is held %d times, %s",
        block,
        held,
        node == null ? "and not indexed" : "indexed and counted as empty");
  }

  private void checkNode(PrefixNode node) {
    PrefixNode parent = node.parent();
    require(
        nodes[node.block()] == node
            && (parent == null
                || (nodes[parent.block()] == parent
                    && references[parent.block()] >= references[node.block()])),
        "key/value block %d is indexed behind a block that is not, or that is held less often",
        node.block());
  }

  private void checkOrder() {
    BitSet leaving = new BitSet();
    for (PrefixNode node : prefixes.idle()) {
      PrefixNode parent = node.parent();
      require(
          parent == null || !leaving.get(parent.block()),
          "key/value block %d would leave after the block before it",
          node.block());
      leaving.set(node.block());
    }
  }

  private void checkTable(BlockTable table) {
    PrefixNode node = table.lastIndexed();
    for (int i = table.indexed() - 1; i >= 0; i--) {
      boolean right = node != null && node.block() == table.block(i) && nodes[node.block()] == node;
      require(right, "block %d of a table of %d is not the indexed one", i, table.size());
      node = node == null ? null : node.parent();
    }
    require(node == null, "a table of %d misses its first indexed block", table.size());
  }

  private static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(values));
    }
  }
}
