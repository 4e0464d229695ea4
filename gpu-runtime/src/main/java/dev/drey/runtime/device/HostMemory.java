package dev.drey.runtime.device;

import dev.drey.runtime.memory.MemoryBudget;

/**
 * Host memory that outlives the device that gave it: every device of its kind in this process
 * copies from it at full speed. Thread-safe.
 */
public interface HostMemory extends AutoCloseable {
  /** Allocates host memory that devices can copy from, charged to {@code budget}. */
  HostBuffer allocateHost(MemoryBudget budget, int bytes);

  /** Gives up the hold. All buffers must be closed before. */
  @Override
  void close();
}
