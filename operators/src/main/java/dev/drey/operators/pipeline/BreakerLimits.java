package dev.drey.operators.pipeline;

import java.io.Serializable;

/**
 * When a job stops instead of turning its input into dead letters; counted per replica.
 *
 * @param window records looked back on
 * @param maxShare share of bad ones among the last {@code window} above which the job stops; 1
 *     never stops
 * @param maxCount bad records since the start above which the job stops; 0 never stops
 */
public record BreakerLimits(int window, double maxShare, long maxCount) implements Serializable {
  /** Never stops. */
  public static final BreakerLimits NONE = new BreakerLimits(1000, 1, 0);

  public BreakerLimits {
    if (window < 1 || !(maxShare >= 0 && maxShare <= 1) || maxCount < 0) {
      throw new IllegalArgumentException(
          "circuit breaker: expected a window of at least 1, a share from 0 to 1 and a count of"
              + " at least 0, found window=%d maxShare=%s maxCount=%d"
                  .formatted(window, maxShare, maxCount));
    }
  }
}
