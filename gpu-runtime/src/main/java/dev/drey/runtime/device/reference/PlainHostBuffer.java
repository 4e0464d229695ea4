package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A direct buffer; the garbage collector frees it some time after it is closed. */
final class PlainHostBuffer implements HostBuffer {
  private final MemoryBudget budget;
  private final int size;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private final ByteBuffer data;

  PlainHostBuffer(MemoryBudget budget, int size, OpenResources open) {
    this.budget = budget;
    this.size = size;
    this.open = open;
    this.ticket = open.opened("host buffer of " + size + " bytes (budget '" + budget.name() + "')");
    try {
      budget.reserve(size);
    } catch (RuntimeException e) {
      open.closed(ticket);
      throw e;
    }
    this.data = ByteBuffer.allocateDirect(size);
  }

  @Override
  public ByteBuffer bytes() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    if (open.closed(ticket)) {
      budget.release(size);
    }
  }
}
