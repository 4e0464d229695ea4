package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;

/** A {@link DeviceBuffer} in the GPU's memory, or a view of part of one. */
final class CudaBuffer implements DeviceBuffer {
  private final DeviceMemory memory;
  private final long offset;
  private final long bytes;
  private final boolean view;

  private CudaBuffer(DeviceMemory memory, long offset, long bytes, boolean view) {
    this.memory = memory;
    this.offset = offset;
    this.bytes = bytes;
    this.view = view;
  }

  static CudaBuffer of(DeviceMemory memory) {
    return new CudaBuffer(memory, 0, memory.bytes(), false);
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
    return new CudaBuffer(memory, offset + from, length, true);
  }

  /** Address of the first byte. */
  long address() {
    return memory.address() + offset;
  }

  @Override
  public void close() {
    if (!view) {
      memory.close();
    }
  }
}
