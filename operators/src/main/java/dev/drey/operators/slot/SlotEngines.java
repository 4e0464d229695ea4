package dev.drey.operators.slot;

import java.io.Serializable;

/**
 * Where operators get the engine of their slot. Travels with the job graph, so it holds settings
 * only.
 */
@FunctionalInterface
public interface SlotEngines extends Serializable {
  /**
   * Takes a share in the slot's engine, opening it if this is the first.
   *
   * @throws Exception if the engine cannot be opened; says what was expected and found
   */
  SlotLease acquire(SlotKey slot) throws Exception;
}
