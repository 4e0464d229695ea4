package dev.drey.runtime.kvcache;

import dev.drey.runtime.device.KvStore;
import java.util.BitSet;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the blocks of a key/value store, and finds those again whose tokens another sequence
 * begins with.
 *
 * <p><b>Ownership.</b> The pool owns the store and closes it. A block belongs to the tables that
 * hold a reference to it.
 *
 * <p><b>States of a block.</b> <i>Held</i>: by one table, or by several if it is indexed.
 * <i>Idle</i>: indexed, and nobody holds it; whoever needs its tokens takes it as it is, and
 * whoever needs a block when none is empty takes the one that has been idle for longest.
 * <i>Empty</i>: neither. Idle and empty blocks together are the free ones.
 *
 * <p><b>Sharing.</b> Only whole blocks of stored tokens are indexed, so a shared block is never
 * written to and never copied: a sequence computes its last tokens into a block of its own, even if
 * another has stored the same. When it has filled that block and finds its tokens indexed, it gives
 * its own back and holds the other; their bits are the same, because keys and values depend on the
 * tokens before and on the class of the sequence's length alone. Models with recurrent state share
 * nothing: the state after a prefix is not kept.
 *
 * <p><b>Order.</b> The lowest empty block is taken first, then idle ones by age: the same calls
 * give the same blocks.
 *
 * <p><b>Conservation.</b> {@code empty + idle + held == blocks}, and the references held by all
 * tables are exactly the counts: see {@link #check(Collection)}.
 *
 * <p><b>Threading.</b> One thread.
 *
 * <p><b>Failure.</b> {@link #close()} closes the store in any case and then throws if a block was
 * still held: a leak.
 */
public final class KvPool implements AutoCloseable {
  private final KvStore store;
  private final int blockTokens;
  private final int blocks;
  private final BitSet empty;
  private final int[] references;
  private final PrefixIndex prefixes;
  private final @Nullable PrefixNode[] nodes;
  private final boolean sharing;
  private final BitSet freeStates;
  private final int stateSlots;
  private int freeBlocks;
  private int peakBlocks;
  private long reusedTokens;
  private boolean closed;

  /** Takes over a store; all its blocks are empty. Sequences share nothing. */
  public KvPool(KvStore store) {
    this(store, 0);
  }

  /**
   * Takes over a store; all its blocks are empty. Sequences share nothing.
   *
   * @param stateSlots sequences that there is recurrent state for; 0 if the model has none
   */
  public KvPool(KvStore store, int stateSlots) {
    this(store, stateSlots, false, BlockHash.CHAIN);
  }

  private KvPool(KvStore store, int stateSlots, boolean sharing, BlockHash hash) {
    this.store = store;
    this.sharing = sharing;
    this.freeStates = new BitSet(stateSlots);
    freeStates.set(0, stateSlots);
    this.stateSlots = stateSlots;
    this.blockTokens = store.shape().blockTokens();
    this.blocks = store.blocks();
    this.references = new int[blocks];
    this.nodes = new PrefixNode[blocks];
    this.prefixes = new PrefixIndex(blockTokens, hash);
    this.freeBlocks = blocks;
    this.empty = new BitSet(blocks);
    empty.set(0, blocks);
  }

  /** Takes over a store; all its blocks are empty. Sequences share what they begin with. */
  public static KvPool sharing(KvStore store) {
    return sharing(store, BlockHash.CHAIN);
  }

  static KvPool sharing(KvStore store, BlockHash hash) {
    return new KvPool(store, 0, true, hash);
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

  /** Number of blocks nobody holds, idle ones included. */
  public int freeBlocks() {
    return freeBlocks;
  }

  /** Number of blocks that nobody holds and that are kept for sequences that begin like them. */
  public int idleBlocks() {
    return prefixes.idleCount();
  }

  /** Most blocks ever held at one time. */
  public int peakBlocks() {
    return peakBlocks;
  }

  /** Tokens that were not computed because {@link #adopt} found them stored. */
  public long reusedTokens() {
    return reusedTokens;
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
    boolean wantsState = stateSlots > 0 && missing > 0 && table.size() == 0;
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

  /**
   * How much of the beginning of a sequence that holds nothing is stored. Changes nothing.
   *
   * @param most tokens that may be taken over
   */
  public PrefixMatch match(PrefixTokens tokens, int most) {
    int found = 0;
    int idle = 0;
    PrefixNode last = null;
    while (sharing && (found + 1) * blockTokens <= most) {
      PrefixNode node = prefixes.find(prefixes.key(last, tokens, found));
      if (node == null) {
        break;
      }
      idle += references[node.block()] == 0 ? 1 : 0;
      found++;
      last = node;
    }
    return new PrefixMatch(found, idle);
  }

  /**
   * Takes over what is stored of a sequence's next blocks: into a table that holds nothing, or in
   * place of the table's own blocks, which are given back.
   *
   * @param stored tokens of the sequence that are stored in the table; unless they end with its
   *     indexed blocks, nothing is taken over
   * @param most tokens of the sequence that may be stored afterwards
   * @return how many tokens more are stored now
   */
  public int adopt(BlockTable table, PrefixTokens tokens, int stored, int most) {
    if (!sharing || stored != table.indexed() * blockTokens) {
      return 0;
    }
    int before = table.indexed();
    while ((table.indexed() + 1) * blockTokens <= most) {
      PrefixNode node = prefixes.find(key(table, tokens));
      if (node == null) {
        break;
      }
      exchange(table, node);
    }
    int adopted = (table.indexed() - before) * blockTokens;
    reusedTokens += adopted;
    return adopted;
  }

  /**
   * Makes the blocks of a table known that are full by now.
   *
   * @param stored tokens of the sequence that are stored in the table
   */
  public void publish(BlockTable table, PrefixTokens tokens, int stored) {
    while (sharing && (table.indexed() + 1) * blockTokens <= stored) {
      BlockKey key = key(table, tokens);
      PrefixNode known = prefixes.find(key);
      if (known == null) {
        int block = table.block(table.indexed());
        PrefixNode added = prefixes.add(key, block);
        nodes[block] = added;
        table.index(added);
      } else {
        exchange(table, known);
      }
    }
  }

  /**
   * What the next block behind a table's indexed ones depends on.
   *
   * @param known tokens of the sequence
   * @return null if these do not fill the block, or if nothing is shared
   */
  public @Nullable BlockKey next(BlockTable table, PrefixTokens tokens, int known) {
    boolean full = (table.indexed() + 1) * blockTokens <= known;
    return sharing && full ? key(table, tokens) : null;
  }

  private BlockKey key(BlockTable table, PrefixTokens tokens) {
    return prefixes.key(table.lastIndexed(), tokens, table.indexed());
  }

  /** Puts a node's block behind the indexed ones, in place of the table's own if it has one. */
  private void exchange(BlockTable table, PrefixNode node) {
    if (references[node.block()]++ == 0) {
      prefixes.hold(node);
      held();
    }
    if (table.indexed() < table.size()) {
      release(table.block(table.indexed()));
    }
    table.index(node);
  }

  /** Gives up a table's references, the last first; the table is empty afterwards. */
  public void release(BlockTable table) {
    for (int i = table.size() - 1; i >= 0; i--) {
      release(table.block(i));
    }
    if (table.stateSlot() >= 0) {
      freeStates.set(table.stateSlot());
    }
    table.clear();
  }

  private int take() {
    int block = empty.nextSetBit(0);
    if (block >= 0) {
      empty.clear(block);
    } else {
      block = prefixes.evict().block();
      nodes[block] = null;
    }
    references[block] = 1;
    held();
    return block;
  }

  private void held() {
    freeBlocks--;
    peakBlocks = Math.max(peakBlocks, blocks - freeBlocks);
  }

  private void release(int block) {
    if (references[block] == 0) {
      throw new IllegalStateException("key/value block " + block + " is released but free");
    }
    if (--references[block] == 0) {
      PrefixNode node = nodes[block];
      if (node == null) {
        empty.set(block);
      } else {
        prefixes.release(node);
      }
      freeBlocks++;
    }
  }

  /**
   * Checks the law of conservation.
   *
   * @param holders every table that may hold references, each once
   * @throws IllegalStateException naming what disagrees
   */
  public void check(Collection<BlockTable> holders) {
    int usedStates = stateSlots - freeStates.cardinality();
    new PoolCheck(references, empty, nodes, prefixes).run(holders, freeBlocks, usedStates);
  }

  /**
   * Closes the store. Closing twice is harmless.
   *
   * @throws IllegalStateException if blocks are still held
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
