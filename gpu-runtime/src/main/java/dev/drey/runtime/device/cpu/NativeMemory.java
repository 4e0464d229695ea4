package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.BudgetedAllocation;
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

  private final BudgetedAllocation books;
  private final long bytes;
  private final Pointer allocation;
  private final long address;
  private final ByteBuffer[] segments;

  NativeMemory(MemoryBudget budget, long bytes, String kind, OpenResources open) {
    this.bytes = bytes;
    this.books = new BudgetedAllocation(open, budget, bytes, kind);
    this.allocation = books.allocate(this::allocate);
    this.address = (allocation.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    this.segments = segments();
  }

  private Pointer allocate() {
    Pointer memory = Pointer.calloc(1, bytes + ALIGNMENT);
    if (memory == null || memory.isNull()) {
      throw new OutOfMemoryError(
          "the operating system refused " + books.what() + " although the budget allows it");
    }
    return memory;
  }

  private ByteBuffer[] segments() {
    int count = Math.toIntExact(((Math.max(bytes, 1) - 1) >>> SEGMENT_BITS) + 1);
    ByteBuffer[] views = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      long from = (long) i << SEGMENT_BITS;
      long size = Math.min(bytes - from, (1L << SEGMENT_BITS) + OVERLAP);
      views[i] = viewAt(address + from, size);
    }
    return views;
  }

  private static ByteBuffer viewAt(long at, long size) {
    if (size == 0) {
      return ByteBuffer.allocateDirect(0);
    }
    BytePointer pointer = new BytePointer(new Address().at(at));
    pointer.capacity(size);
    return pointer.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  long bytes() {
    return bytes;
  }

  /** Address of the first byte. */
  long address() {
    books.requireOpen();
    return address;
  }

  /** A view of a part, of less than 2 GiB, wherever it begins. Absolute access only. */
  ByteBuffer view(long offset, int length) {
    books.requireOpen();
    if (offset < 0 || length < 0 || offset + length > bytes) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of memory of %d bytes".formatted(length, offset, bytes));
    }
    return viewAt(address + offset, length);
  }

  /** The segment in which the byte at {@code offset} can be seen, at {@link #within}. */
  ByteBuffer segment(long offset) {
    books.requireOpen();
    return segments[(int) (offset >>> SEGMENT_BITS)];
  }

  /** Index of the byte at {@code offset} in its segment. */
  static int within(long offset) {
    return (int) (offset & ((1L << SEGMENT_BITS) - 1));
  }

  @Override
  public void close() {
    books.free(() -> Pointer.free(allocation));
  }
}
