package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.StateStore;

/** Recurrent state as {@code [layer][slot][number]} in float32. */
final class CudaStateStore implements StateStore {
  private final int layers;
  private final int slots;
  private final int numbers;
  private final DeviceMemory memory;

  CudaStateStore(int layers, int slots, int numbers, DeviceMemory memory) {
    this.layers = layers;
    this.slots = slots;
    this.numbers = numbers;
    this.memory = memory;
  }

  static CudaStateStore of(StateStore store) {
    if (store instanceof CudaStateStore cudaStore) {
      return cudaStore;
    }
    throw new IllegalArgumentException(
        "the cuda device was given a state store of another device: " + store.getClass().getName());
  }

  static long bytes(int layers, int slots, int numbers) {
    return (long) layers * slots * numbers * Float.BYTES;
  }

  /** Address of a layer's slots. */
  long layer(int layer) {
    if (layer < 0 || layer >= layers) {
      throw new IndexOutOfBoundsException("layer %d of %d".formatted(layer, layers));
    }
    return memory.address() + (long) layer * slots * numbers * Float.BYTES;
  }

  @Override
  public int layers() {
    return layers;
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public int numbers() {
    return numbers;
  }

  @Override
  public void close() {
    memory.close();
  }
}
