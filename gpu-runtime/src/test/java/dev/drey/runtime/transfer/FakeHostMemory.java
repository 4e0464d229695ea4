package dev.drey.runtime.transfer;

import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.HostMemory;
import dev.drey.runtime.memory.MemoryBudget;

/** Host memory of a {@link FakeDevice}; says whether it has been given up. */
public final class FakeHostMemory implements HostMemory {
  private final FakeDevice device = new FakeDevice(true);
  private boolean closed;

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    return device.allocateHost(budget, bytes);
  }

  /** Whether it was closed. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
  }
}
