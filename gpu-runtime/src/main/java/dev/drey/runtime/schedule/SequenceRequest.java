package dev.drey.runtime.schedule;

import dev.drey.runtime.sampling.SamplingParams;

/**
 * What is asked for.
 *
 * @param id name for messages; need not be unique
 * @param kind what to do
 * @param promptIds the prompt, at least one token; for scoring: context and continuation. Not
 *     copied; must not change
 * @param scoreFrom for scoring: index of the first token of {@code promptIds} whose log-probability
 *     is wanted, from 1 to the last index; otherwise 0
 * @param sampling how tokens are chosen; for scoring only {@code logprobs} counts
 */
public record SequenceRequest(
    String id, Kind kind, int[] promptIds, int scoreFrom, SamplingParams sampling) {
  /** What to do with a prompt. */
  public enum Kind {
    /** Produce tokens after it. */
    GENERATE,
    /** Say how likely its tokens are. */
    SCORE
  }

  /** Asks for tokens after a prompt. */
  public static SequenceRequest generate(String id, int[] promptIds, SamplingParams sampling) {
    return new SequenceRequest(id, Kind.GENERATE, promptIds, 0, sampling);
  }

  /**
   * Asks for the log-probabilities of the tokens from {@code scoreFrom} on.
   *
   * @param alternatives number of likeliest alternatives reported per token
   */
  public static SequenceRequest score(String id, int[] promptIds, int scoreFrom, int alternatives) {
    SamplingParams params = SamplingParams.greedy(1).withLogprobs(alternatives);
    return new SequenceRequest(id, Kind.SCORE, promptIds, scoreFrom, params);
  }

  /** Most tokens whose keys and values are ever stored for this request. */
  public long storedTokens() {
    return kind == Kind.SCORE
        ? promptIds.length - 1L
        : promptIds.length + (long) sampling.maxTokens() - 1;
  }

  /** Number of tokens to be scored. */
  public int scoredTokens() {
    return kind == Kind.SCORE ? promptIds.length - scoreFrom : 0;
  }
}
