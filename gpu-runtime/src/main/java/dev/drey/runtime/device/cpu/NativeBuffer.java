package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A {@link DeviceBuffer} in main memory, or a view of part of one. */
final class NativeBuffer implements DeviceBuffer {
  private final NativeMemory memory;
  private final long offset;
  private final long bytes;
  private final boolean view;
  private @Nullable ByteBuffer byteView;
  private @Nullable FloatBuffer floatView;
  private @Nullable ShortBuffer shortView;

  private NativeBuffer(NativeMemory memory, long offset, long bytes, boolean view) {
    this.memory = memory;
    this.offset = offset;
    this.bytes = bytes;
    this.view = view;
  }

  static NativeBuffer of(NativeMemory memory) {
    return new NativeBuffer(memory, 0, memory.bytes(), false);
  }

  static NativeBuffer of(DeviceBuffer buffer) {
    if (buffer instanceof NativeBuffer nativeBuffer) {
      return nativeBuffer;
    }
    throw new IllegalArgumentException(
        "the cpu device was given a buffer of another device: " + buffer.getClass().getName());
  }

  /** As {@link #of(DeviceBuffer)}, and checks that it holds at least {@code needed} bytes. */
  static NativeBuffer of(DeviceBuffer buffer, long needed) {
    NativeBuffer result = of(buffer);
    if (needed > result.bytes) {
      throw new IndexOutOfBoundsException(
          "an operation needs a buffer of %d bytes, was given %d".formatted(needed, result.bytes));
    }
    return result;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public NativeBuffer slice(long from, long length) {
    if (from % 16 != 0 || from < 0 || length < 0 || from + length > bytes) {
      throw new IllegalArgumentException(
          "slice of %d bytes at %d of a buffer of %d bytes; the offset must be a multiple of 16"
              .formatted(length, from, bytes));
    }
    return new NativeBuffer(memory, offset + from, length, true);
  }

  /** Address of the first byte. */
  long address() {
    return memory.address() + offset;
  }

  /** The segment in which the byte at {@code at} can be seen, at {@link #within}. */
  ByteBuffer segment(long at) {
    return memory.segment(offset + at);
  }

  /** Index of the byte at {@code at} in its segment. */
  int within(long at) {
    return NativeMemory.within(offset + at);
  }

  /** The whole buffer; empty if it is too large for one view. */
  Optional<ByteBuffer> hostView() {
    return bytes > Integer.MAX_VALUE
        ? Optional.empty()
        : Optional.of(memory.view(offset, (int) bytes));
  }

  /** The whole buffer, for activations; less than 2 GiB. Absolute access only. */
  ByteBuffer byteView() {
    memory.address();
    ByteBuffer result = byteView;
    if (result == null) {
      result =
          hostView()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "activations of %d bytes in one buffer; the cpu device takes at most %d"
                              .formatted(bytes, Integer.MAX_VALUE)));
      byteView = result;
    }
    return result;
  }

  /** The whole buffer as float32. Absolute access only. */
  FloatBuffer floats() {
    memory.address();
    FloatBuffer result = floatView;
    if (result == null) {
      result = byteView().asFloatBuffer();
      floatView = result;
    }
    return result;
  }

  /** The whole buffer as 16-bit numbers. Absolute access only. */
  ShortBuffer shorts() {
    memory.address();
    ShortBuffer result = shortView;
    if (result == null) {
      result = byteView().asShortBuffer();
      shortView = result;
    }
    return result;
  }

  @Override
  public void close() {
    if (!view) {
      memory.close();
    }
  }
}
