package dev.drey.runtime.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Hands numbers on the GPU to the host through pinned memory, behind everything issued so far. */
final class ReadBack {
  private final CommandQueue queue;
  private final PinnedArea area;

  ReadBack(CommandQueue queue, PinnedArea area) {
    this.queue = queue;
    this.area = area;
  }

  /** Most bytes that {@link #read} takes. */
  int capacity() {
    return area.bytes();
  }

  /** Reads bytes; the view is valid until the next call. */
  ByteBuffer read(long address, int bytes) {
    queue.copyToHost(area.at(0), address, bytes);
    queue.synchronize();
    return area.view().slice(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads numbers, through the heap if there are more than the pinned memory holds. */
  FloatBuffer floats(long address, int count) {
    int most = area.bytes() / Float.BYTES;
    if (count <= most) {
      return read(address, count * Float.BYTES).asFloatBuffer().asReadOnlyBuffer();
    }
    FloatBuffer all = FloatBuffer.allocate(count);
    while (all.hasRemaining()) {
      int piece = Math.min(most, all.remaining());
      long from = address + (long) all.position() * Float.BYTES;
      all.put(read(from, piece * Float.BYTES).asFloatBuffer());
    }
    return all.flip().asReadOnlyBuffer();
  }
}
