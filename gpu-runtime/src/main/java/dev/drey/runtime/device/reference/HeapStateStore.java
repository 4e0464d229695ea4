package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;

/** Recurrent state as {@code [layer][slot][number]} in float32. */
final class HeapStateStore implements StateStore {
  private final int layers;
  private final int slots;
  private final int numbers;
  private final HeapBuffer data;

  HeapStateStore(MemoryBudget budget, int layers, int slots, int numbers, OpenResources open) {
    this.layers = layers;
    this.slots = slots;
    this.numbers = numbers;
    this.data = HeapBuffer.allocate(budget, bytes(layers, slots, numbers), open);
  }

  static long bytes(int layers, int slots, int numbers) {
    return (long) layers * slots * numbers * Float.BYTES;
  }

  void load(int layer, int slot, float[] into) {
    ReferenceStream.load(data, DType.F32, index(layer, slot), into);
  }

  void store(int layer, int slot, float[] from) {
    for (int i = 0; i < from.length; i++) {
      data.put(DType.F32, index(layer, slot) + i, from[i]);
    }
  }

  private long index(int layer, int slot) {
    if (slot < 0 || slot >= slots) {
      throw new IndexOutOfBoundsException("state slot " + slot + " of " + slots);
    }
    return ((long) layer * slots + slot) * numbers;
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
    data.close();
  }
}
