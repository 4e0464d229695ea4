package dev.drey.operators.slot;

import java.util.OptionalInt;

/**
 * Sampling parameters for requests that leave them open.
 *
 * @param temperature 0 means greedy
 * @param topP keep the likeliest until their probabilities reach this sum
 * @param topK keep the k likeliest; 0 means all
 * @param minP drop tokens less likely than this share of the likeliest
 * @param repetitionPenalty 1 means none
 * @param maxTokens most tokens to generate, if the model says so
 */
public record SamplingDefaults(
    double temperature,
    double topP,
    int topK,
    double minP,
    double repetitionPenalty,
    OptionalInt maxTokens) {
  /** Plain sampling: temperature 1, nothing cut off, nothing penalised, no number of tokens. */
  public static final SamplingDefaults NEUTRAL =
      new SamplingDefaults(1, 1, 0, 0, 1, OptionalInt.empty());

  /** The same, greedy. */
  public SamplingDefaults greedy() {
    return new SamplingDefaults(0, topP, topK, minP, repetitionPenalty, maxTokens);
  }
}
