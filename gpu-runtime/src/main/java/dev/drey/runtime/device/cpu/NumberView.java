package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * Numbers in memory that are float32 or bfloat16, read and written as float32 on the heap. Absolute
 * access only.
 */
final class NumberView {
  /** Of nothing. */
  static final NumberView EMPTY =
      new NumberView(DType.F32, FloatBuffer.allocate(0), ShortBuffer.allocate(0));

  private final DType type;
  private final FloatBuffer floats;
  private final ShortBuffer shorts;

  private NumberView(DType type, FloatBuffer floats, ShortBuffer shorts) {
    this.type = type;
    this.floats = floats;
    this.shorts = shorts;
  }

  /** A buffer of at least {@code count} numbers. */
  static NumberView of(DeviceBuffer buffer, long count, DType type) {
    NativeBuffer memory = NativeBuffer.of(buffer, count * type.bytes());
    return type == DType.F32
        ? new NumberView(type, memory.floats(), EMPTY.shorts)
        : new NumberView(type, EMPTY.floats, memory.shorts());
  }

  /** A part of the scratch memory. */
  static NumberView of(Scratch.Part part, DType type) {
    return type == DType.F32
        ? new NumberView(type, part.floats(), EMPTY.shorts)
        : new NumberView(type, EMPTY.floats, part.shorts());
  }

  /**
   * Reads numbers to the start of {@code into}.
   *
   * @param spare at least {@code count} long
   */
  void get(int index, float[] into, int count, short[] spare) {
    if (type == DType.F32) {
      floats.get(index, into, 0, count);
      return;
    }
    shorts.get(index, spare, 0, count);
    for (int i = 0; i < count; i++) {
      into[i] = BFloat16.fromBits(spare[i]);
    }
  }

  /**
   * Writes numbers, rounded to the type.
   *
   * @param spare at least {@code count} long
   */
  void put(int index, float[] values, int from, int count, short[] spare) {
    if (type == DType.F32) {
      floats.put(index, values, from, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      spare[i] = BFloat16.toBits(values[from + i]);
    }
    shorts.put(index, spare, 0, count);
  }
}
