package dev.drey.runtime.schedule;

/**
 * Tokens (rows) that were computed, by cause; each row counts once.
 *
 * @param prefilled prompt tokens, the first time
 * @param generated produced tokens fed back, the first time
 * @param rePrefilled again, because keys and values were lost with a restart
 * @param recomputed again, because the sequence was preempted
 */
public record TokenCounters(long prefilled, long generated, long rePrefilled, long recomputed) {
  /** None. */
  public static final TokenCounters ZERO = new TokenCounters(0, 0, 0, 0);

  /** The sums. */
  public TokenCounters plus(TokenCounters other) {
    return new TokenCounters(
        prefilled + other.prefilled,
        generated + other.generated,
        rePrefilled + other.rePrefilled,
        recomputed + other.recomputed);
  }

  /** All rows. */
  public long total() {
    return prefilled + generated + rePrefilled + recomputed;
  }
}
