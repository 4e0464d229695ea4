package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;

/**
 * Keys and values as {@code [layer][block]}, in a block keys {@code [token][kvHead][keyDim]}, then
 * values {@code [token][kvHead][valueDim]}, in the activation type; one buffer per layer.
 */
final class HeapKvStore implements KvStore {
  private final KvShape shape;
  private final int blocks;
  private final DType type;
  private final HeapBuffer[] layers;

  HeapKvStore(MemoryBudget budget, KvShape shape, int blocks, DType type, OpenResources open) {
    this.shape = shape;
    this.blocks = blocks;
    this.type = type;
    this.layers = new HeapBuffer[shape.layers()];
    long layerBytes = bytes(shape, blocks, type) / shape.layers();
    for (int layer = 0; layer < layers.length; layer++) {
      try {
        layers[layer] = HeapBuffer.allocate(budget, layerBytes, open);
      } catch (RuntimeException e) {
        for (int allocated = 0; allocated < layer; allocated++) {
          layers[allocated].close();
        }
        throw e;
      }
    }
  }

  static long bytes(KvShape shape, int blocks, DType type) {
    return (long) shape.layers() * blocks * shape.elementsPerLayerBlock() * type.bytes();
  }

  float key(int layer, int block, int token, int kvHead, int i) {
    return layers[layer].get(type, keyAt(block, token, kvHead, i));
  }

  float value(int layer, int block, int token, int kvHead, int i) {
    return layers[layer].get(type, valueAt(block, token, kvHead, i));
  }

  void putKey(int layer, int block, int token, int kvHead, int i, float key) {
    layers[layer].put(type, keyAt(block, token, kvHead, i), key);
  }

  void putValue(int layer, int block, int token, int kvHead, int i, float value) {
    layers[layer].put(type, valueAt(block, token, kvHead, i), value);
  }

  /** Takes over what another store of the same shape has in a block. */
  void copyBlock(HeapKvStore from, int block) {
    long first = start(block);
    for (int layer = 0; layer < layers.length; layer++) {
      for (long i = first; i < first + shape.elementsPerLayerBlock(); i++) {
        layers[layer].put(type, i, from.layers[layer].get(type, i));
      }
    }
  }

  private long keyAt(int block, int token, int kvHead, int i) {
    return start(block) + ((long) token * shape.kvHeads() + kvHead) * shape.keyDim() + i;
  }

  private long valueAt(int block, int token, int kvHead, int i) {
    long keys = (long) shape.blockTokens() * shape.kvHeads() * shape.keyDim();
    return start(block) + keys + ((long) token * shape.kvHeads() + kvHead) * shape.valueDim() + i;
  }

  private long start(int block) {
    if (block < 0 || block >= blocks) {
      throw new IndexOutOfBoundsException("KV block " + block + " of " + blocks);
    }
    return block * shape.elementsPerLayerBlock();
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
    for (HeapBuffer layer : layers) {
      layer.close();
    }
  }
}
