package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Little-endian bytes on the heap. Every access is checked against the bounds of this view and
 * against use after close: the oracle doubles as a memory checker.
 */
final class HeapBuffer implements DeviceBuffer {
  /** The memory shared by a buffer and its views. */
  private static final class Storage {
    private final MemoryBudget budget;
    private final long bytes;
    private final OpenResources open;
    private final OpenResources.Ticket ticket;
    private volatile @Nullable ByteBuffer data;

    Storage(MemoryBudget budget, int bytes, OpenResources open) {
      this.budget = budget;
      this.bytes = bytes;
      this.open = open;
      this.ticket = open.opened("buffer of " + bytes + " bytes (budget '" + budget.name() + "')");
      try {
        budget.reserve(bytes);
      } catch (RuntimeException e) {
        open.closed(ticket);
        throw e;
      }
      this.data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    ByteBuffer data() {
      ByteBuffer current = data;
      if (current == null) {
        throw new IllegalStateException("buffer of " + bytes + " bytes is used after close");
      }
      return current;
    }

    void close() {
      if (open.closed(ticket)) {
        data = null;
        budget.release(bytes);
      }
    }
  }

  private final Storage storage;
  private final int offset;
  private final int bytes;
  private final boolean view;

  private HeapBuffer(Storage storage, int offset, int bytes, boolean view) {
    this.storage = storage;
    this.offset = offset;
    this.bytes = bytes;
    this.view = view;
  }

  static HeapBuffer allocate(MemoryBudget budget, long bytes, OpenResources open) {
    if (bytes < 0 || bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "the reference device allocates 0 to %d bytes at a time, asked for %d; use a smaller model"
              .formatted(Integer.MAX_VALUE - 8, bytes));
    }
    return new HeapBuffer(new Storage(budget, (int) bytes, open), 0, (int) bytes, false);
  }

  static HeapBuffer of(DeviceBuffer buffer) {
    if (buffer instanceof HeapBuffer heapBuffer) {
      return heapBuffer;
    }
    throw new IllegalArgumentException(
        "the reference device was given a buffer of another device: " + buffer.getClass());
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public HeapBuffer slice(long from, long length) {
    if (from % 16 != 0 || from < 0 || length < 0 || from + length > bytes) {
      throw new IllegalArgumentException(
          "slice of %d bytes at %d of a buffer of %d bytes; the offset must be a multiple of 16"
              .formatted(length, from, bytes));
    }
    return new HeapBuffer(storage, offset + (int) from, (int) length, true);
  }

  /** The number at {@code index}, stored as {@code type}. */
  float get(DType type, long index) {
    int at = at(index * type.bytes(), type.bytes());
    return type == DType.F32
        ? storage.data().getFloat(at)
        : BFloat16.fromBits(storage.data().getShort(at));
  }

  /** {@code Σ x[i] * this[index + i]} over all of {@code x}, in double. */
  double dot(float[] x, DType type, long index) {
    ByteBuffer data = storage.data();
    int size = type.bytes();
    int from = at(index * size, x.length * size);
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      float value =
          type == DType.F32
              ? data.getFloat(from + i * size)
              : BFloat16.fromBits(data.getShort(from + i * size));
      sum += (double) x[i] * value;
    }
    return sum;
  }

  /** Stores a number at {@code index}, rounded to {@code type}. */
  void put(DType type, long index, float value) {
    int at = at(index * type.bytes(), type.bytes());
    if (type == DType.F32) {
      storage.data().putFloat(at, value);
    } else {
      storage.data().putShort(at, BFloat16.toBits(value));
    }
  }

  /** Copies bytes in. */
  void put(long target, ByteBuffer source, int sourceOffset, int length) {
    if (target < 0 || target + length > bytes) {
      throw outOfBounds(target, length);
    }
    storage.data().put(offset + (int) target, source, sourceOffset, length);
  }

  /** Copies bytes out. */
  void get(long source, ByteBuffer target, int targetOffset, int length) {
    target.put(targetOffset, storage.data(), at(source, length), length);
  }

  private int at(long from, int length) {
    if (from < 0 || from + length > bytes) {
      throw outOfBounds(from, length);
    }
    return offset + (int) from;
  }

  private IndexOutOfBoundsException outOfBounds(long from, int length) {
    return new IndexOutOfBoundsException(
        length + " bytes at " + from + " are outside of a buffer of " + bytes + " bytes");
  }

  @Override
  public void close() {
    if (!view) {
      storage.close();
    }
  }
}
