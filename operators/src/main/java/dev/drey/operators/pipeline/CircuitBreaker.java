package dev.drey.operators.pipeline;

import java.util.BitSet;

/**
 * Counts bad records and says when there are too many. The share is only taken of a full window, so
 * that a bad record at the start does not stop a job. One thread.
 */
final class CircuitBreaker {
  private final BreakerLimits limits;
  private final BitSet bad;
  private long seen;
  private long badSeen;
  private int badInWindow;

  CircuitBreaker(BreakerLimits limits) {
    this.limits = limits;
    this.bad = new BitSet(limits.window());
  }

  /**
   * Takes a record into account.
   *
   * @throws TooManyBadRecordsException if it is one bad record too many
   */
  void count(boolean isBad, String where, String why) throws TooManyBadRecordsException {
    int slot = (int) (seen % limits.window());
    badInWindow += (isBad ? 1 : 0) - (bad.get(slot) ? 1 : 0);
    bad.set(slot, isBad);
    seen++;
    badSeen += isBad ? 1 : 0;
    if (!isBad) {
      return;
    }
    if (limits.maxCount() > 0 && badSeen > limits.maxCount()) {
      throw new TooManyBadRecordsException(
          "%d bad records since the start: at most %d are allowed"
              .formatted(badSeen, limits.maxCount()),
          where,
          why);
    }
    if (seen >= limits.window() && badInWindow > limits.maxShare() * limits.window()) {
      throw new TooManyBadRecordsException(
          "%d bad records among the last %d: a share of at most %s is allowed"
              .formatted(badInWindow, limits.window(), limits.maxShare()),
          where,
          why);
    }
  }
}
