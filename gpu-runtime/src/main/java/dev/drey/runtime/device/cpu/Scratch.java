package dev.drey.runtime.device.cpu;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** A stream's scratch memory, cut into the parts of the stream and of each worker. */
final class Scratch {
  /** A part: its address, and a view for absolute access from Java. */
  record Part(long address, ByteBuffer bytes) {
    FloatBuffer floats() {
      return bytes.asFloatBuffer();
    }

    ShortBuffer shorts() {
      return bytes.asShortBuffer();
    }
  }

  private static final int ALIGNMENT = 4096;

  private final NativeMemory memory;
  private long used;

  Scratch(NativeMemory memory) {
    this.memory = memory;
  }

  /** Takes the next part. */
  Part take(long bytes) {
    long offset = used;
    used += aligned(bytes);
    if (used > memory.bytes()) {
      throw new IllegalStateException(
          "scratch memory of " + memory.bytes() + " bytes is too small for its plan");
    }
    return new Part(memory.address() + offset, memory.view(offset, Math.toIntExact(bytes)));
  }

  /** Bytes of all parts of a stream. */
  static long bytes(StreamPlan plan, int threads) {
    long worker = 0;
    for (long part : workerParts(plan)) {
      worker += aligned(part);
    }
    long shared = aligned(plan.inputBytes()) + aligned(plan.betweenBytes());
    return shared + threads * worker;
  }

  /** Sizes of a worker's parts, in the order in which {@link Worker} takes them. */
  static long[] workerParts(StreamPlan plan) {
    return new long[] {
      plan.scratchpadBytes(),
      plan.inputBytes(),
      plan.betweenBytes(),
      (long) plan.outputFloats() * Float.BYTES,
      plan.betweenNumbers() * Float.BYTES,
      (long) plan.queryFloats() * Float.BYTES,
      (long) plan.attendedFloats() * Float.BYTES,
      (long) plan.scores() * Float.BYTES
    };
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
