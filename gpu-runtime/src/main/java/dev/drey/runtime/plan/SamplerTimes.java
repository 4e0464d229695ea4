package dev.drey.runtime.plan;

/**
 * Measured times of deciding one row of logits on one thread.
 *
 * @param chooseNanos finding the likeliest token
 * @param scoreNanos finding the log-probability of a given one
 */
public record SamplerTimes(double chooseNanos, double scoreNanos) {
  /** The shorter of two measurements each. */
  SamplerTimes better(SamplerTimes other) {
    return new SamplerTimes(
        Math.min(chooseNanos, other.chooseNanos), Math.min(scoreNanos, other.scoreNanos));
  }
}
