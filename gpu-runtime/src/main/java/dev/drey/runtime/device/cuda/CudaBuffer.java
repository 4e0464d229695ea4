package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A {@link DeviceBuffer} in the GPU's memory, or a view of part of one. */
final class CudaBuffer implements DeviceBuffer {
  /** One holder of memory: all of it, or one of several equal pieces. The last one frees it. */
  private static final class Hold {
    private final DeviceMemory memory;
    private final AtomicInteger holders;
    private final AtomicBoolean closed = new AtomicBoolean();

    Hold(DeviceMemory memory, AtomicInteger holders) {
      this.memory = memory;
      this.holders = holders;
    }

    long address() {
      if (closed.get()) {
        throw new IllegalStateException(
            "a piece of an arena of %d bytes is used after close".formatted(memory.bytes()));
      }
      return memory.address();
    }

    void close() {
      if (closed.compareAndSet(false, true) && holders.decrementAndGet() == 0) {
        memory.close();
      }
    }
  }

  private final Hold hold;
  private final long offset;
  private final long bytes;
  private final boolean view;

  private CudaBuffer(Hold hold, long offset, long bytes, boolean view) {
    this.hold = hold;
    this.offset = offset;
    this.bytes = bytes;
    this.view = view;
  }

  static CudaBuffer of(DeviceMemory memory) {
    return new CudaBuffer(new Hold(memory, new AtomicInteger(1)), 0, memory.bytes(), false);
  }

  /** Memory as equal pieces, each to be closed on its own. */
  static List<DeviceBuffer> pieces(DeviceMemory memory, long bytes, int count) {
    AtomicInteger holders = new AtomicInteger(count);
    List<DeviceBuffer> pieces = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      pieces.add(new CudaBuffer(new Hold(memory, holders), i * bytes, bytes, false));
    }
    return pieces;
  }

  static CudaBuffer of(DeviceBuffer buffer) {
    if (buffer instanceof CudaBuffer cudaBuffer) {
      return cudaBuffer;
    }
    throw new IllegalArgumentException(
        "the cuda device was given a buffer of another device: " + buffer.getClass().getName());
  }

  /**
   * Address of the first byte of a buffer that an operation needs so many bytes of.
   *
   * @throws IndexOutOfBoundsException if it is smaller
   * @throws IllegalStateException if it has been closed
   */
  static long address(DeviceBuffer buffer, long needed) {
    CudaBuffer result = of(buffer);
    if (needed > result.bytes) {
      throw new IndexOutOfBoundsException(
          "an operation needs a buffer of %d bytes, was given %d".formatted(needed, result.bytes));
    }
    return result.address();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public CudaBuffer slice(long from, long length) {
    if (from % 16 != 0 || from < 0 || length < 0 || from + length > bytes) {
      throw new IllegalArgumentException(
          "slice of %d bytes at %d of a buffer of %d bytes; the offset must be a multiple of 16"
              .formatted(length, from, bytes));
    }
    return new CudaBuffer(hold, offset + from, length, true);
  }

  /** Address of the first byte. */
  long address() {
    return hold.address() + offset;
  }

  @Override
  public void close() {
    if (!view) {
      hold.close();
    }
  }
}
