package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import java.nio.ByteBuffer;

/** The pool's memory: blocks of layer 0, then those of layer 1, and so on. */
final class CpuKvStore implements KvStore {
  private final KvFormat format;
  private final int blocks;
  private final NativeMemory memory;

  CpuKvStore(KvFormat format, int blocks, NativeMemory memory) {
    this.format = format;
    this.blocks = blocks;
    this.memory = memory;
  }

  static long bytes(KvFormat format, int blocks) {
    return format.shape().layers() * format.blockBytes() * blocks;
  }

  KvFormat format() {
    return format;
  }

  /** Address of a block. */
  long address(int layer, int block) {
    return memory.address() + offset(layer, block);
  }

  /** The segment in which a whole block can be seen, at {@link #within}. */
  ByteBuffer segment(int layer, int block) {
    return memory.segment(offset(layer, block));
  }

  /** Index of a block's first byte in its segment. */
  int within(int layer, int block) {
    return NativeMemory.within(offset(layer, block));
  }

  /** Takes over what another store of the same shape has in a block. */
  void copyBlock(CpuKvStore from, int block) {
    int bytes = Math.toIntExact(format.blockBytes());
    for (int layer = 0; layer < format.shape().layers(); layer++) {
      segment(layer, block)
          .put(within(layer, block), from.segment(layer, block), from.within(layer, block), bytes);
    }
  }

  private long offset(int layer, int block) {
    if (block < 0 || block >= blocks || layer < 0 || layer >= format.shape().layers()) {
      throw new IndexOutOfBoundsException(
          "KV block %d of layer %d; the pool has %d blocks in %d layers"
              .formatted(block, layer, blocks, format.shape().layers()));
    }
    return ((long) layer * blocks + block) * format.blockBytes();
  }

  @Override
  public KvShape shape() {
    return format.shape();
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public void close() {
    memory.close();
  }
}
