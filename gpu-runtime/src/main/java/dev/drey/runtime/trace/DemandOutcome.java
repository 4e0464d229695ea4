package dev.drey.runtime.trace;

/** How a demand found one of its experts. */
public enum DemandOutcome {
  /** Resident and complete. */
  HIT(0),
  /** Being moved: a late hit. */
  LATE(1),
  /** Neither resident nor on its way. */
  MISS(2),
  /** Queued for a prediction, but not a byte of it had moved: counts as a miss. */
  OVERTAKEN(3);

  private final int code;

  DemandOutcome(int code) {
    this.code = code;
  }

  /** Its two bits in a trace. */
  int code() {
    return code;
  }
}
