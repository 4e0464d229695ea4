package dev.drey.runtime.slot;

import dev.drey.runtime.MoeEngine;

/**
 * One user's hold on a slot's engine.
 *
 * <p>Closing gives the hold back; closing twice is harmless.
 */
public final class SlotRuntime implements AutoCloseable {
  private final SlotRuntimes.Entry entry;
  private final MoeEngine engine;
  private boolean closed;

  SlotRuntime(SlotRuntimes.Entry entry, MoeEngine engine) {
    this.entry = entry;
    this.engine = engine;
  }

  /** The engine of the slot, shared by all holders. */
  public MoeEngine engine() {
    return engine;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      SlotRuntimes.release(entry);
    }
  }
}
