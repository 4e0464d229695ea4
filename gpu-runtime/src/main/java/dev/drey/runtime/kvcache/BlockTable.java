package dev.drey.runtime.kvcache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one sequence in order of position. Holds one reference to each of its blocks; only
 * {@link KvPool} changes it.
 *
 * <p>The first {@link #indexed()} blocks are full and known by their tokens: other tables may hold
 * them too, and nobody writes to them again. All others are this table's alone.
 */
public final class BlockTable {
  private static final int NO_STATE = -1;

  private int[] blocks = new int[8];
  private int size;
  private int indexed;
  private @Nullable PrefixNode lastIndexed;
  private int stateSlot = NO_STATE;

  /** Number of blocks. */
  public int size() {
    return size;
  }

  /** The block at an index. */
  public int block(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("block " + index + " of a table of " + size);
    }
    return blocks[index];
  }

  /**
   * The blocks, the first {@link #size()} entries. Not copied: valid until the table changes, and
   * not to be written.
   */
  public int[] array() {
    return blocks;
  }

  /** The sequence's slot of recurrent state; -1 if it has none. */
  public int stateSlot() {
    return stateSlot;
  }

  /** How many leading blocks are full and known by their tokens. */
  public int indexed() {
    return indexed;
  }

  /** The last of these; null if there is none. */
  @Nullable PrefixNode lastIndexed() {
    return lastIndexed;
  }

  /** The block behind the indexed ones, there or to be appended, is the node's from now on. */
  void index(PrefixNode node) {
    if (indexed == size) {
      append(node.block());
    } else {
      blocks[indexed] = node.block();
    }
    indexed++;
    lastIndexed = node;
  }

  void takeState(int slot) {
    stateSlot = slot;
  }

  void append(int block) {
    if (size == blocks.length) {
      blocks = Arrays.copyOf(blocks, 2 * size);
    }
    blocks[size++] = block;
  }

  void clear() {
    size = 0;
    indexed = 0;
    lastIndexed = null;
    stateSlot = NO_STATE;
  }
}
