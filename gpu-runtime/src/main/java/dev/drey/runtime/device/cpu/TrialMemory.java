package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Short-lived memory of the checks made when a stream is opened: a few MiB, freed before anything
 * is computed, and therefore not charged to a budget.
 */
final class TrialMemory implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  private final Pointer memory;
  private final long end;
  private long next;

  /** Room for parts of these sizes. */
  TrialMemory(long... sizes) {
    long total = ALIGNMENT;
    for (long size : sizes) {
      total += aligned(size);
    }
    this.memory = Pointer.calloc(1, total);
    if (memory == null || memory.isNull()) {
      throw new OutOfMemoryError("the operating system refused " + total + " bytes");
    }
    this.next = aligned(memory.address());
    this.end = memory.address() + total;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Address of the next part. */
  long take(long bytes) {
    long part = next;
    next += aligned(bytes);
    if (next > end) {
      throw new IllegalStateException("a part of " + bytes + " bytes was not announced");
    }
    return part;
  }

  /** Address of the next part, filled with random numbers from 2^-15 to 2 of either sign. */
  long random(long bytes, DType type, long seed) {
    long part = take(bytes);
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer buffer = view(part, bytes);
    for (int i = 0; i + type.bytes() <= bytes; i += type.bytes()) {
      int sign = random.nextInt(2) << 31;
      int bits = sign | ((112 + random.nextInt(16)) << 23) | random.nextInt(1 << 23);
      if (type == DType.F32) {
        buffer.putInt(i, bits);
      } else {
        buffer.putShort(i, (short) (bits >>> 16));
      }
    }
    return part;
  }

  static ByteBuffer view(long at, long bytes) {
    BytePointer pointer = new BytePointer(new Address().at(at));
    pointer.capacity(bytes);
    return pointer.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  static void copy(long from, long to, long bytes) {
    Pointer.memcpy(new Address().at(to), new Address().at(from), bytes);
  }

  static void set(long at, byte value, long bytes) {
    Pointer.memset(new Address().at(at), value, bytes);
  }

  static boolean same(long first, long second, long bytes) {
    return Pointer.memcmp(new Address().at(first), new Address().at(second), bytes) == 0;
  }

  @Override
  public void close() {
    Pointer.free(memory);
  }
}
