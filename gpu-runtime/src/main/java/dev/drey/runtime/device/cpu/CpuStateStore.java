package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.StateStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Recurrent state as {@code [layer][slot][number]} in float32. In a slot: the convolution's past
 * inputs {@code [kernel - 1][channel]}, oldest first, then a matrix {@code [keyWidth, valueWidth]}
 * per value head.
 */
final class CpuStateStore implements StateStore {
  private final int layers;
  private final int slots;
  private final int numbers;
  private final NativeMemory memory;
  private final FloatBuffer[] views;

  CpuStateStore(int layers, int slots, int numbers, NativeMemory memory) {
    if ((long) numbers * Float.BYTES > NativeMemory.OVERLAP) {
      memory.close();
      throw new IllegalArgumentException(
          "a state of %d numbers per sequence and layer; the cpu device takes at most %d"
              .formatted(numbers, NativeMemory.OVERLAP / Float.BYTES));
    }
    this.layers = layers;
    this.slots = slots;
    this.numbers = numbers;
    this.memory = memory;
    this.views = new FloatBuffer[layers * slots];
    int size = numbers * Float.BYTES;
    for (int i = 0; i < views.length; i++) {
      long offset = (long) i * size;
      ByteBuffer segment = memory.segment(offset);
      views[i] =
          segment
              .slice(NativeMemory.within(offset), size)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
    }
  }

  static long bytes(int layers, int slots, int numbers) {
    return (long) layers * slots * numbers * Float.BYTES;
  }

  /** The numbers of a slot. Absolute access only. */
  FloatBuffer slot(int layer, int slot) {
    if (layer < 0 || layer >= layers || slot < 0 || slot >= slots) {
      throw new IndexOutOfBoundsException(
          "state slot %d of layer %d; the store has %d slots in %d layers"
              .formatted(slot, layer, slots, layers));
    }
    memory.address();
    return views[layer * slots + slot];
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
