package dev.drey.runtime.kvcache;

import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds stored blocks by their tokens: a tree with a node for each, reached from the block before
 * (the idea of vLLM's automatic prefix caching and of RadixAttention, Zheng et al., arXiv
 * 2312.07104, in whole blocks).
 *
 * <p><b>Idle nodes.</b> A node whose block nobody holds stays until its block is needed; the one
 * idle for longest leaves first. Whoever holds a block holds all blocks before it, and gives back
 * the last one first: so a node never leaves before those behind it, and what is left is always
 * reachable.
 *
 * <p><b>Memory.</b> On the heap, one number per token of a block and a few objects.
 */
final class PrefixIndex {
  private final int blockTokens;
  private final BlockHash hash;
  private final Map<BlockKey, PrefixNode> nodes = new HashMap<>();
  private final Set<PrefixNode> idle = new LinkedHashSet<>();

  PrefixIndex(int blockTokens, BlockHash hash) {
    this.blockTokens = blockTokens;
    this.hash = hash;
  }

  /** The key of a block of a sequence. */
  BlockKey key(@Nullable PrefixNode parent, PrefixTokens tokens, int block) {
    int[] ids = new int[blockTokens];
    for (int i = 0; i < blockTokens; i++) {
      ids[i] = tokens.token(block * blockTokens + i);
    }
    int before = parent == null ? tokens.lengthClass() : parent.key().hashCode();
    return new BlockKey(parent, tokens.lengthClass(), ids, hash.of(before, ids));
  }

  @Nullable PrefixNode find(BlockKey key) {
    return nodes.get(key);
  }

  /** Adds a block that somebody holds and that is not there yet. */
  PrefixNode add(BlockKey key, int block) {
    PrefixNode node = new PrefixNode(key, block);
    nodes.put(key, node);
    return node;
  }

  /** Nobody holds the block any more. */
  void release(PrefixNode node) {
    idle.add(node);
  }

  /** Somebody holds the block again. */
  void hold(PrefixNode node) {
    idle.remove(node);
  }

  /** Removes the node that has been idle for longest; there must be one. */
  PrefixNode evict() {
    Iterator<PrefixNode> oldest = idle.iterator();
    PrefixNode node = oldest.next();
    oldest.remove();
    nodes.remove(node.key());
    return node;
  }

  boolean isIdle(PrefixNode node) {
    return idle.contains(node);
  }

  int idleCount() {
    return idle.size();
  }

  /** All nodes, in no order. */
  Collection<PrefixNode> nodes() {
    return nodes.values();
  }

  /** The idle nodes, in the order in which they will leave. */
  Collection<PrefixNode> idle() {
    return idle;
  }
}
