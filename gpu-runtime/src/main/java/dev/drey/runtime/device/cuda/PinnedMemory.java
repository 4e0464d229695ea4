package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.BudgetedAllocation;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;

/**
 * Page-locked host memory, which the GPU copies from and to without the processor.
 *
 * <p><b>Size.</b> Less than 2 GiB: a Java buffer sees no more, and the binding loses what it cannot
 * show.
 *
 * <p><b>Freeing</b> waits for the GPU, as copies may still be under way.
 */
final class PinnedMemory implements AutoCloseable {
  /** Most bytes of one allocation. */
  static final int MAX_BYTES = Integer.MAX_VALUE - 4095;

  private final CudaContext context;
  private final BudgetedAllocation books;
  private final int bytes;
  private final Pointer pointer;
  private final ByteBuffer view;

  PinnedMemory(
      CudaContext context, MemoryBudget budget, int bytes, String kind, OpenResources open) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s of %d bytes; the cuda device pins at most %d at a time"
              .formatted(kind, bytes, MAX_BYTES));
    }
    this.context = context;
    this.bytes = bytes;
    this.books = new BudgetedAllocation(open, budget, bytes, "pinned " + kind);
    this.pointer = books.allocate(this::allocate);
    this.view = Driver.view(pointer, Math.max(bytes, 1)).limit(bytes).slice();
  }

  private Pointer allocate() {
    context.enter();
    try {
      return Driver.allocateHost(Math.max(bytes, 1));
    } catch (CudaException e) {
      throw new DeviceMemoryException(
          "%s was refused: the operating system limits page-locked memory; lower what is pinned, or raise the limit (ulimit -l, or the container's)"
              .formatted(books.what()),
          e);
    }
  }

  int bytes() {
    return bytes;
  }

  /** The memory as an independent little-endian view. */
  ByteBuffer view() {
    books.requireOpen();
    return view.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where a copy starts. */
  Pointer at(long offset) {
    books.requireOpen();
    return pointer.withByteOffset(offset);
  }

  @Override
  public void close() {
    books.free(
        () -> {
          context.synchronize();
          Driver.freeHost(pointer);
        });
  }
}
