package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Zero-filled memory outside of the heap, aligned to {@value #ALIGNMENT} bytes.
 *
 * <p><b>Ownership.</b> The bytes asked for are charged to the budget; the allocator's own overhead
 * (less than {@value #ALIGNMENT} bytes for alignment) is not. {@link #close()} frees at once: no
 * view may be used after it.
 *
 * <p><b>Views.</b> A Java buffer covers less than 2 GiB, so the memory is seen through segments of
 * 1 GiB that overlap by {@value #OVERLAP} bytes: anything up to that size that starts in a segment
 * can be reached in it.
 */
final class NativeMemory implements AutoCloseable {
  static final int ALIGNMENT = 4096;
  static final int OVERLAP = 64 << 20;
  private static final int SEGMENT_BITS = 30;

  private final MemoryBudget budget;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private final String what;
  private final long bytes;
  private final Pointer allocation;
  private final long address;
  private final ByteBuffer[] segments;

  NativeMemory(MemoryBudget budget, long bytes, String kind, OpenResources open) {
    if (bytes < 0) {
      throw new IllegalArgumentException(kind + " of " + bytes + " bytes");
    }
    this.budget = budget;
    this.open = open;
    this.bytes = bytes;
    this.what = "%s of %d bytes (budget '%s')".formatted(kind, bytes, budget.name());
    this.ticket = open.opened(what);
    try {
      budget.reserve(bytes);
    } catch (RuntimeException e) {
      open.closed(ticket);
      throw e;
    }
    Pointer memory = Pointer.calloc(1, bytes + ALIGNMENT);
    if (memory == null || memory.isNull()) {
      budget.release(bytes);
      open.closed(ticket);
      throw new OutOfMemoryError(
          "the operating system refused " + what + " although the budget allows it");
    }
    this.allocation = memory;
    this.address = (memory.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    this.segments = segments();
  }

  private ByteBuffer[] segments() {
    int count = Math.toIntExact(((Math.max(bytes, 1) - 1) >>> SEGMENT_BITS) + 1);
    ByteBuffer[] views = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      long from = (long) i << SEGMENT_BITS;
      long size = Math.min(bytes - from, (1L << SEGMENT_BITS) + OVERLAP);
      views[i] = size == 0 ? ByteBuffer.allocateDirect(0) : view(address + from, size);
      views[i].order(ByteOrder.LITTLE_ENDIAN);
    }
    return views;
  }

  private static ByteBuffer view(long at, long size) {
    BytePointer pointer = new BytePointer(new Address().at(at));
    pointer.capacity(size);
    return pointer.asByteBuffer();
  }

  long bytes() {
    return bytes;
  }

  /** Address of the first byte. */
  long address() {
    checkOpen();
    return address;
  }

  /** The segment in which the byte at {@code offset} can be seen, at {@link #within}. */
  ByteBuffer segment(long offset) {
    checkOpen();
    return segments[(int) (offset >>> SEGMENT_BITS)];
  }

  /** Index of the byte at {@code offset} in its segment. */
  static int within(long offset) {
    return (int) (offset & ((1L << SEGMENT_BITS) - 1));
  }

  private void checkOpen() {
    if (allocation.isNull()) {
      throw new IllegalStateException(what + " is used after close");
    }
  }

  @Override
  public void close() {
    if (open.closed(ticket)) {
      Pointer.free(allocation);
      allocation.setNull();
      budget.release(bytes);
    }
  }
}
