package dev.drey.runtime.residency;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.model.ExpertId;

/** The right to use a resident expert: until released it is neither evicted nor overwritten. */
public final class ExpertLease {
  private final Handout handout;
  private final ExpertId id;
  final Slot slot;
  final LayerDemand demand;

  /** Guarded by the window's lock. */
  boolean released;

  ExpertLease(Handout handout, LayerDemand demand, Slot slot, ExpertId id) {
    this.handout = handout;
    this.demand = demand;
    this.slot = slot;
    this.id = id;
  }

  /** Which expert. */
  public ExpertId id() {
    return id;
  }

  /** The point from which on its weights are there: work that reads them is issued behind it. */
  public DeviceEvent arrival() {
    return slot.arrival;
  }

  /** Its weights; must not be touched by work issued after {@link #release}. */
  public Expert expert() {
    return slot.expert;
  }

  /**
   * Gives the lease back. The slot is overwritten only after {@code lastUse} is reached; a hit may
   * use the expert again before.
   *
   * @param lastUse a point behind the arrival and all work that reads the weights
   * @throws IllegalStateException if the lease has been released already
   */
  public void release(DeviceEvent lastUse) {
    handout.release(this, lastUse);
  }

  @Override
  public String toString() {
    return "lease on " + id;
  }
}
