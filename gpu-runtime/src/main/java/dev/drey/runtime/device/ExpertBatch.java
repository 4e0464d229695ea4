package dev.drey.runtime.device;

import org.jspecify.annotations.Nullable;

/**
 * Work for one expert: which rows of the activations it reads and where its outputs go.
 *
 * @param expert the weights
 * @param bias its biases; null if it has none
 * @param inputRows row of the input for each token
 * @param outputRows row of the output for each token; distinct over all batches of one call
 * @param inputScales factor on each token's input, rounded to the activation type after it is
 *     applied; null for none
 * @param tokens how many entries of the arrays count
 */
@SuppressWarnings("ArrayRecordComponent") // hot path; identity is never used
public record ExpertBatch(
    Expert expert,
    @Nullable ExpertBias bias,
    int[] inputRows,
    int[] outputRows,
    float @Nullable [] inputScales,
    int tokens) {
  /** Work without biases and factors. */
  public ExpertBatch(Expert expert, int[] inputRows, int[] outputRows, int tokens) {
    this(expert, null, inputRows, outputRows, null, tokens);
  }
}
