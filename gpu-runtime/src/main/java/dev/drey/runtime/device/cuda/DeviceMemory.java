package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.BudgetedAllocation;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;

/**
 * Zero-filled memory of the GPU.
 *
 * <p><b>Ownership.</b> The bytes asked for are charged to the budget; what the driver rounds them
 * up to (its pages are of 2 MiB) is not, which is why expert slots are allocated all at once.
 *
 * <p><b>Freeing</b> waits for the GPU: a kernel that still reads the memory must not find somebody
 * else's.
 */
final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final BudgetedAllocation books;
  private final long bytes;
  private final long address;

  DeviceMemory(
      CudaContext context, MemoryBudget budget, long bytes, String kind, OpenResources open) {
    this.context = context;
    this.bytes = bytes;
    this.books = new BudgetedAllocation(open, budget, bytes, kind);
    this.address = books.allocate(this::allocate);
  }

  private long allocate() {
    context.enter();
    long taken;
    try {
      taken = Driver.allocate(Math.max(bytes, 1));
    } catch (CudaException e) {
      throw new DeviceMemoryException(
          "%s was refused although the budget allows it: GPU %d (%s) has %d of %d bytes free; lower the budget, or end what else uses this GPU"
              .formatted(
                  books.what(),
                  context.index(),
                  context.facts().name(),
                  context.freeBytes(),
                  context.facts().totalBytes()),
          e);
    }
    try {
      context.clear(taken, Math.max(bytes, 1));
      return taken;
    } catch (RuntimeException | Error e) {
      free(taken, e);
      throw e;
    }
  }

  private static void free(long address, Throwable after) {
    try {
      Driver.free(address);
    } catch (RuntimeException | Error e) {
      after.addSuppressed(e);
    }
  }

  long bytes() {
    return bytes;
  }

  /** Address of the first byte. */
  long address() {
    books.requireOpen();
    return address;
  }

  @Override
  public void close() {
    books.free(
        () -> {
          context.synchronize();
          Driver.free(address);
        });
  }
}
