package dev.drey.runtime.kvcache;

import dev.drey.runtime.device.KvStore;
import java.util.BitSet;
import java.util.Collection;

/**
 * Hands out the blocks of a key/value store.
 *
 * <p><b>Ownership.</b> The pool owns the store and closes it. A block belongs to the tables that
 * hold a reference to it and returns to the pool with the last one. Today every block has one
 * holder; the counts are there so that a shared prefix can have many.
 *
 * <p><b>Order.</b> The lowest free block is taken first: the same calls give the same blocks.
 *
 * <p><b>Conservation.</b> {@code free + referenced == blocks}, and the references held by all
 * tables are exactly the counts: see {@link #check(Collection)}.
 *
 * <p><b>Threading.</b> One thread.
 *
 * <p><b>Failure.</b> {@link #close()} closes the store in any case and then throws if a block was
 * still referenced: a leak.
 */
public final class KvPool implements AutoCloseable {
  private final KvStore store;
  private final int blockTokens;
  private final int blocks;
  private final BitSet free;
  private final int[] references;
  private final boolean hasStates;
  private final BitSet freeStates;
  private final int stateSlots;
  private int freeBlocks;
  private int peakBlocks;
  private boolean closed;

  /** Takes over a store; all its blocks are free. For models without recurrent state. */
  public KvPool(KvStore store) {
    this(store, 0);
  }

  /**
   * Takes over a store; all its blocks are free.
   *
   * @param stateSlots sequences that there is recurrent state for; 0 if the model has none
   */
  public KvPool(KvStore store, int stateSlots) {
    this.store = store;
    this.hasStates = stateSlots > 0;
    this.freeStates = new BitSet(stateSlots);
    freeStates.set(0, stateSlots);
    this.stateSlots = stateSlots;
    this.blockTokens = store.shape().blockTokens();
    this.blocks = store.blocks();
    this.references = new int[blocks];
    this.freeBlocks = blocks;
    this.free = new BitSet(blocks);
    free.set(0, blocks);
  }

  /** The store behind the blocks. */
  public KvStore store() {
    return store;
  }

  /** Number of blocks, free or not. */
  public int blocks() {
    return blocks;
  }

  /** Tokens per block. */
  public int blockTokens() {
    return blockTokens;
  }

  /** Number of blocks nobody holds. */
  public int freeBlocks() {
    return freeBlocks;
  }

  /** Most blocks ever held at one time. */
  public int peakBlocks() {
    return peakBlocks;
  }

  /** Tokens the whole pool can hold for one sequence. */
  public long capacityTokens() {
    return (long) blocks * blockTokens;
  }

  /** Blocks that hold so many tokens. */
  public int blocksFor(long tokens) {
    return Math.toIntExact((tokens + blockTokens - 1) / blockTokens);
  }

  /**
   * Extends a table until it covers the positions {@code 0..tokens-1}. An empty table also gets a
   * slot of recurrent state, where the model has such.
   *
   * @return false, with nothing changed, if there are not enough free blocks or slots
   */
  public boolean grow(BlockTable table, int tokens) {
    int missing = blocksFor(tokens) - table.size();
    boolean wantsState = hasStates && missing > 0 && table.size() == 0;
    if (missing > freeBlocks || (wantsState && freeStates.isEmpty())) {
      return false;
    }
    if (wantsState) {
      int slot = freeStates.nextSetBit(0);
      freeStates.clear(slot);
      table.takeState(slot);
    }
    for (int i = 0; i < missing; i++) {
      table.append(take());
    }
    return true;
  }

  /** Gives up a table's references; the table is empty afterwards. */
  public void release(BlockTable table) {
    for (int i = table.size() - 1; i >= 0; i--) {
      release(table.block(i));
    }
    if (table.stateSlot() >= 0) {
      freeStates.set(table.stateSlot());
    }
    table.clear();
  }

  /**
   * Checks the law of conservation.
   *
   * @param holders every table that may hold references, each once
   * @throws IllegalStateException naming the block and the counts that disagree
   */
  public void check(Collection<BlockTable> holders) {
    int[] held = new int[blocks];
    for (BlockTable table : holders) {
      for (int i = 0; i < table.size(); i++) {
        held[table.block(i)]++;
      }
    }
    int unreferenced = 0;
    for (int block = 0; block < blocks; block++) {
      if (held[block] != references[block] || free.get(block) != (references[block] == 0)) {
        throw new IllegalStateException(
            "key/value block %d is held %d times, counted %d times and %s"
                .formatted(
                    block, held[block], references[block], free.get(block) ? "free" : "not free"));
      }
      unreferenced += references[block] == 0 ? 1 : 0;
    }
    long states = holders.stream().filter(table -> table.stateSlot() >= 0).count();
    if (states != stateSlots - freeStates.cardinality()) {
      throw new IllegalStateException(
          "%d sequences hold a slot of recurrent state, counted %d"
              .formatted(states, stateSlots - freeStates.cardinality()));
    }
    if (unreferenced != freeBlocks) {
      throw new IllegalStateException(
          "key/value pool counts %d free blocks and has %d of %d"
              .formatted(freeBlocks, unreferenced, blocks));
    }
  }

  private int take() {
    int block = free.nextSetBit(0);
    free.clear(block);
    references[block] = 1;
    freeBlocks--;
    peakBlocks = Math.max(peakBlocks, blocks - freeBlocks);
    return block;
  }

  private void release(int block) {
    if (references[block] == 0) {
      throw new IllegalStateException("key/value block " + block + " is released but free");
    }
    if (--references[block] == 0) {
      free.set(block);
      freeBlocks++;
    }
  }

  /**
   * Closes the store. Closing twice is harmless.
   *
   * @throws IllegalStateException if blocks are still referenced
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    store.close();
    if (freeBlocks != blocks) {
      throw new IllegalStateException(
          "key/value pool closed with %d of %d blocks still held"
              .formatted(blocks - freeBlocks, blocks));
    }
  }
}
