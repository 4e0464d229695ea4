package dev.drey.runtime.hosttier;

import dev.drey.runtime.expertstore.ExpertBlocks;

/**
 * How an expert lies in a host slot: its blocks as they were read, one behind the other, each where
 * reads that pass the page cache by may put it.
 *
 * @param blockBytes bytes of each block
 */
public record HostLayout(int[] blockBytes) {
  private static final int ALIGNMENT = 4096;

  /** Most bytes of one allocation: far below the 2 GiB that a view reaches, and quick to get. */
  private static final int SLAB_BYTES = 1 << 30;

  static HostLayout of(ExpertBlocks blocks) {
    int[] bytes = new int[blocks.count()];
    for (int block = 0; block < bytes.length; block++) {
      bytes[block] = blocks.bytes(block);
    }
    return new HostLayout(bytes);
  }

  private static long align(int bytes) {
    return ((long) bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Bytes of a slot. */
  long slotBytes() {
    long total = 0;
    for (int bytes : blockBytes) {
      total += align(bytes);
    }
    return total;
  }

  /** First byte of a block in its slot. */
  int offset(int block) {
    long offset = 0;
    for (int i = 0; i < block; i++) {
      offset += align(blockBytes[i]);
    }
    return Math.toIntExact(offset);
  }

  /** Slots of one allocation. */
  int slotsPerSlab() {
    return (int) Math.max(1, SLAB_BYTES / slotBytes());
  }

  /** Whether these blocks have the same sizes. */
  boolean fits(ExpertBlocks blocks) {
    if (blocks.count() != blockBytes.length) {
      return false;
    }
    for (int block = 0; block < blockBytes.length; block++) {
      if (blocks.bytes(block) != blockBytes[block]) {
        return false;
      }
    }
    return true;
  }
}
