package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.HostMemory;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;

/**
 * Page-locked memory that all GPUs of the process copy from. The driver frees what a context has
 * allocated together with it, so this retains one itself, for as long as it is open.
 */
final class PinnedHostMemory implements HostMemory {
  private final CudaContext context;
  private final OpenResources open = new OpenResources("cuda (host memory)");

  private PinnedHostMemory(CudaContext context) {
    this.context = context;
  }

  /** Retains the context of a GPU. */
  static PinnedHostMemory open(int index) {
    return new PinnedHostMemory(CudaContext.open(index));
  }

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    return new CudaHostBuffer(new PinnedMemory(context, budget, bytes, "host memory", open));
  }

  @Override
  public void close() {
    if (open.close()) {
      context.close();
    }
  }
}
