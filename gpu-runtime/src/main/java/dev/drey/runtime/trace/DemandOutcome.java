package dev.drey.runtime.trace;

/** How a demand found one of its experts. */
public enum DemandOutcome {
  /** Resident and complete. */
  HIT,
  /** Being moved: a late hit. */
  LATE,
  /** Neither resident nor on its way. */
  MISS,
  /** Queued for a prediction, but not a byte of it had moved: counts as a miss. */
  OVERTAKEN
}
