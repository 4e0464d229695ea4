package dev.drey.runtime.residency;

/** States of a slot; {@link ResidencyWindow} explains them. */
enum SlotState {
  FREE,
  LOADING_DEMAND,
  LOADING_PREFETCH,
  DRAINING,
  RESIDENT,
  LEASED;

  boolean isInFlight() {
    return this == LOADING_DEMAND || this == LOADING_PREFETCH || this == DRAINING;
  }

  boolean isResident() {
    return this == RESIDENT || this == LEASED;
  }

  /** Whether a slot may go from this state to another. */
  boolean mayBecome(SlotState next) {
    return switch (this) {
      case FREE -> next.isInFlight();
      case LOADING_PREFETCH -> next == LOADING_DEMAND || next == RESIDENT || next == FREE;
      case LOADING_DEMAND -> next == RESIDENT || next == FREE;
      case DRAINING -> next == LOADING_DEMAND || next == LOADING_PREFETCH || next == FREE;
      case RESIDENT -> next == LEASED || next == FREE;
      case LEASED -> next == RESIDENT;
    };
  }
}
