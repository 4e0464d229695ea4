package dev.drey.runtime.simulate;

/**
 * How long things take in a replay.
 *
 * @param bytesPerSecond rate of the one link; infinite for loads that are complete at once
 * @param layerNanos computing of one layer of one step, half of it before the router and half in
 *     the experts; 0 takes each layer's own times from the trace
 */
public record CostModel(double bytesPerSecond, long layerNanos) {
  /** Loads take no time; computing takes what it took. */
  public static final CostModel INSTANT = new CostModel(Double.POSITIVE_INFINITY, 0);

  public CostModel {
    if (!(bytesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "the trace holds no finished load to measure the link by; give its bandwidth");
    }
    if (layerNanos < 0) {
      throw new IllegalArgumentException("layerNanos must be 0 or more, found " + layerNanos);
    }
  }

  /** The rate and the times that were measured when the trace was recorded. */
  public static CostModel recorded(RoutingTrace trace) {
    return new CostModel(trace.bytesPerSecond(), 0);
  }

  /** Time to move an expert. */
  long moveNanos(RoutingTrace trace) {
    return (long) (trace.header().expertBytes() * 1e9 / bytesPerSecond);
  }

  long denseNanos(RoutingTrace trace, int event) {
    return layerNanos > 0 ? layerNanos / 2 : trace.denseNanos()[event];
  }

  long expertNanos(RoutingTrace trace, int event) {
    return layerNanos > 0 ? layerNanos - layerNanos / 2 : trace.expertNanos()[event];
  }

  long tailNanos(RoutingTrace trace, int event) {
    return layerNanos > 0 ? 0 : trace.tailNanos()[event];
  }

  /** All computing of an event. */
  long computeNanos(RoutingTrace trace, int event) {
    return denseNanos(trace, event) + expertNanos(trace, event) + tailNanos(trace, event);
  }
}
