package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.model.DType;

/**
 * The pool's memory: blocks of layer 0, then those of layer 1, and so on; in a block the keys
 * {@code [kvHead][token][keyDim]}, then the values {@code [kvHead][token][valueDim]}.
 */
final class CudaKvStore implements KvStore {
  private final KvShape shape;
  private final int blocks;
  private final DType type;
  private final DeviceMemory memory;

  CudaKvStore(KvShape shape, int blocks, DType type, DeviceMemory memory) {
    this.shape = shape;
    this.blocks = blocks;
    this.type = type;
    this.memory = memory;
  }

  static CudaKvStore of(KvStore store) {
    if (store instanceof CudaKvStore cudaStore) {
      return cudaStore;
    }
    throw new IllegalArgumentException(
        "the cuda device was given a KV store of another device: " + store.getClass().getName());
  }

  static long bytes(KvShape shape, int blocks, DType type) {
    return shape.layers() * shape.elementsPerLayerBlock() * blocks * type.bytes();
  }

  /** Address of a layer's blocks. */
  long layer(int layer) {
    if (layer < 0 || layer >= shape.layers()) {
      throw new IndexOutOfBoundsException("layer %d of %d".formatted(layer, shape.layers()));
    }
    return memory.address() + layer * shape.elementsPerLayerBlock() * blocks * type.bytes();
  }

  /** Takes over what another store of the same shape has in a block. */
  void copyBlock(CudaKvStore from, int block, CommandQueue queue) {
    if (block < 0 || block >= blocks) {
      throw new IndexOutOfBoundsException("KV block %d of %d".formatted(block, blocks));
    }
    long bytes = shape.elementsPerLayerBlock() * type.bytes();
    for (int layer = 0; layer < shape.layers(); layer++) {
      queue.copyOnDevice(layer(layer) + block * bytes, from.layer(layer) + block * bytes, bytes);
    }
  }

  @Override
  public KvShape shape() {
    return shape;
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
