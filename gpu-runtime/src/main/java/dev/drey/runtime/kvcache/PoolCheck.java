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

  PoolCheck(int[] references, BitSet empty, @Nullable PrefixNode[] nodes, PrefixIndex prefixes) {
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
    if (free != countedFree) {
      throw broken(
          "key/value pool counts %d free blocks and has %d of %d"
              .formatted(countedFree, free, held.length));
    }
    if (states != countedStates) {
      throw broken(
          "%d sequences hold a slot of recurrent state, counted %d"
              .formatted(states, countedStates));
    }
    prefixes.nodes().forEach(this::checkNode);
    checkOrder();
    holders.forEach(this::checkTable);
  }

  private void checkBlock(int block, int held) {
    PrefixNode node = nodes[block];
    boolean free = node == null ? empty.get(block) : prefixes.isIdle(node);
    if (held != references[block] || free != (held == 0)) {
      throw broken(
          "key/value block %d is held %d times, counted %d times and %s"
              .formatted(block, held, references[block], free ? "free" : "not free"));
    }
    if (node == null ? held > 1 : empty.get(block)) {
      throw broken(
          "key/value block %d is held %d times, %s"
              .formatted(
                  block, held, node == null ? "and not indexed" : "indexed and counted as empty"));
    }
  }

  private void checkNode(PrefixNode node) {
    PrefixNode parent = node.parent();
    boolean reachable =
        parent == null
            || (nodes[parent.block()] == parent
                && references[parent.block()] >= references[node.block()]);
    if (nodes[node.block()] != node || !reachable) {
      throw broken(
          "key/value block %d is indexed behind a block that is not, or that is held less often"
              .formatted(node.block()));
    }
  }

  private void checkOrder() {
    BitSet leaving = new BitSet();
    for (PrefixNode node : prefixes.idle()) {
      PrefixNode parent = node.parent();
      if (parent != null && leaving.get(parent.block())) {
        throw broken(
            "key/value block %d would leave after the block before it".formatted(node.block()));
      }
      leaving.set(node.block());
    }
  }

  private void checkTable(BlockTable table) {
    PrefixNode node = table.lastIndexed();
    for (int i = table.indexed() - 1; i >= 0; i--) {
      if (node == null || node.block() != table.block(i) || nodes[node.block()] != node) {
        throw broken("block %d of a table of %d is not the indexed one".formatted(i, table.size()));
      }
      node = node.parent();
    }
    if (node != null) {
      throw broken("a table of %d misses its first indexed block".formatted(table.size()));
    }
  }

  private static IllegalStateException broken(String law) {
    return new IllegalStateException(law);
  }
}
