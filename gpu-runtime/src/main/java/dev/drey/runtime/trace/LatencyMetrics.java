package dev.drey.runtime.trace;

/**
 * Throughput and latencies over a whole trace.
 *
 * @param steps complete forward passes
 * @param rows tokens computed, prompt and output together
 * @param outputs tokens produced or scored
 * @param promptTokens prompt tokens of all sequences
 * @param nanos time in steps
 * @param stepNanos time of one step
 * @param firstTokenNanos time to first token (TTFT): from a sequence's first step to the end of the
 *     step that gave its first token
 * @param tokenNanos time per output token after the first (TPOT), one value per sequence
 */
public record LatencyMetrics(
    long steps,
    long rows,
    long outputs,
    long promptTokens,
    long nanos,
    Spread stepNanos,
    Spread firstTokenNanos,
    Spread tokenNanos) {
  /** Produced or scored tokens per second of step time. */
  public double outputsPerSecond() {
    return nanos == 0 ? 0 : outputs * 1e9 / nanos;
  }

  /** Computed tokens per second of step time. */
  public double rowsPerSecond() {
    return nanos == 0 ? 0 : rows * 1e9 / nanos;
  }
}
