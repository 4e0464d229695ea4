package dev.drey.runtime.device.cuda;

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
  private final MemoryBudget budget;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private final String what;
  private final int bytes;
  private final Pointer pointer;
  private final ByteBuffer view;
  private volatile boolean closed;

  PinnedMemory(
      CudaContext context, MemoryBudget budget, int bytes, String kind, OpenResources open) {
    if (bytes < 0 || bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s of %d bytes; the cuda device pins 0 to %d at a time"
              .formatted(kind, bytes, MAX_BYTES));
    }
    this.context = context;
    this.budget = budget;
    this.open = open;
    this.bytes = bytes;
    this.what = "%s of %d pinned bytes (budget '%s')".formatted(kind, bytes, budget.name());
    this.ticket = open.opened(what);
    try {
      budget.reserve(bytes);
      try {
        this.pointer = allocate();
      } catch (RuntimeException | Error e) {
        budget.release(bytes);
        throw e;
      }
    } catch (RuntimeException | Error e) {
      open.closed(ticket);
      throw e;
    }
    this.view = Driver.view(pointer, Math.max(bytes, 1)).limit(bytes).slice();
  }

  private Pointer allocate() {
    context.enter();
    try {
      return Driver.allocateHost(Math.max(bytes, 1));
    } catch (CudaException e) {
      throw new DeviceMemoryException(
          "%s was refused: the operating system limits page-locked memory; lower what is pinned, or raise the limit (ulimit -l, or the container's)"
              .formatted(what),
          e);
    }
  }

  int bytes() {
    return bytes;
  }

  /** The memory as an independent little-endian view. */
  ByteBuffer view() {
    checkOpen();
    return view.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where a copy starts. */
  Pointer at(long offset) {
    checkOpen();
    return pointer.withByteOffset(offset);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(what + " is used after close");
    }
  }

  @Override
  public void close() {
    if (open.closed(ticket)) {
      closed = true;
      try {
        context.synchronize();
        Driver.freeHost(pointer);
      } finally {
        budget.release(bytes);
      }
    }
  }
}
