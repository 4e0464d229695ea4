package dev.drey.operators.slot;

/** A share in a slot's engine; the engine stays open at least until the last share is closed. */
public interface SlotLease extends AutoCloseable {
  /** The engine. */
  SlotEngine engine();

  /** Gives the share back; a second call does nothing. */
  @Override
  void close();
}
