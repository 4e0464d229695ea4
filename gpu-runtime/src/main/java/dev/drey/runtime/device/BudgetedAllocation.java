package dev.drey.runtime.device;

import dev.drey.runtime.memory.MemoryBudget;
import java.util.function.Supplier;

/**
 * The books of one allocation of a device: charged to a budget and noted as handed out before the
 * memory is asked for, given back after it is freed. Thread-safe.
 */
public final class BudgetedAllocation {
  private final MemoryBudget budget;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private final String what;
  private final long bytes;
  private volatile boolean freed;

  /**
   * Reserves the bytes.
   *
   * @param kind of memory, for messages
   * @throws IllegalArgumentException if there are less than 0
   * @throws dev.drey.runtime.memory.MemoryBudgetExceededException if the budget does not suffice
   */
  public BudgetedAllocation(OpenResources open, MemoryBudget budget, long bytes, String kind) {
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
  }

  /** What is allocated, its size and whose it is, for messages. */
  public String what() {
    return what;
  }

  /** Asks for the memory; if that fails, the bytes go back. */
  public <T> T allocate(Supplier<T> memory) {
    try {
      return memory.get();
    } catch (RuntimeException | Error e) {
      free(() -> {});
      throw e;
    }
  }

  /** Frees the memory, whatever comes of it, and gives the bytes back; the first time only. */
  public void free(Runnable memory) {
    if (open.closed(ticket)) {
      freed = true;
      try {
        memory.run();
      } finally {
        budget.release(bytes);
      }
    }
  }

  /**
   * Refuses use after free.
   *
   * @throws IllegalStateException if it has been freed; says what it was
   */
  public void requireOpen() {
    if (freed) {
      throw new IllegalStateException(what + " is used after close");
    }
  }
}
