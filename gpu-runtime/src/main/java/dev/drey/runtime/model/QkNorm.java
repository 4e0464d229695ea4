package dev.drey.runtime.model;

/** Whether and how queries and keys are normalised. */
public enum QkNorm {
  /** Not at all. */
  NONE,
  /** Each head, with learned weights, before the rotary embedding. */
  HEAD,
  /** All heads as one vector, with learned weights, before the rotary embedding. */
  WHOLE,
  /** Each head, with learned weights, after the rotary embedding. */
  HEAD_AFTER_ROTARY,
  /** Each head to unit root mean square, without weights, after the rotary embedding. */
  UNIT_AFTER_ROTARY;

  /** Whether there are weights for it. */
  public boolean learned() {
    return this == HEAD || this == WHOLE || this == HEAD_AFTER_ROTARY;
  }
}
