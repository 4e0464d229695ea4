package dev.drey.runtime.schedule;

/**
 * How far a sequence is: with its request, all that a checkpoint needs. Keys and values are not
 * part of it; they are computed again. Arrays belong to whoever holds the record.
 *
 * @param outputIds tokens produced so far, or scored so far
 * @param logprobs log-probability of each; empty if none are wanted
 * @param topIds likeliest tokens of each, one token's after another's, all equally many; empty if
 *     none are wanted
 * @param topLogprobs their log-probabilities
 * @param greedy whether every token so far was the likeliest
 * @param computedTokens most tokens of the sequence that were ever computed
 * @param counters what computing them took
 */
public record SequenceProgress(
    int[] outputIds,
    float[] logprobs,
    int[] topIds,
    float[] topLogprobs,
    boolean greedy,
    int computedTokens,
    TokenCounters counters) {
  /** Nothing done yet. */
  public static final SequenceProgress START =
      new SequenceProgress(
          new int[0], new float[0], new int[0], new float[0], true, 0, TokenCounters.ZERO);
}
