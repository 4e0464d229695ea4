package dev.drey.runtime.residency;

/**
 * Where the forward pass is. A position is a (step, layer) as one number that grows along the run.
 * Guarded by the window's lock.
 */
final class Timeline {
  private final int layers;
  private long now = -1;
  private long demanded = -1;

  Timeline(int layers) {
    this.layers = layers;
  }

  long position(long step, int layer) {
    return step * layers + layer;
  }

  /**
   * Moves to a layer.
   *
   * @return false if that lies behind: another run has begun, what was predicted is void
   */
  boolean reach(long position) {
    boolean forward = position >= now;
    now = position;
    if (!forward) {
      demanded = -1;
    }
    return forward;
  }

  /** The router of a layer has chosen. */
  boolean demand(long position) {
    boolean forward = reach(position);
    demanded = position;
    return forward;
  }

  /** Whether a new prediction for this position comes too late to be of use. */
  boolean isStale(long position) {
    return position <= now;
  }

  /** Whether what was admitted for this position has lost its purpose. */
  boolean isPassed(long position) {
    return position < now || position <= demanded;
  }
}
