package dev.drey.runtime.device;

/**
 * Work for one expert: which rows of the activations it reads and where its outputs go.
 *
 * @param expert the weights
 * @param inputRows row of the input for each token
 * @param outputRows row of the output for each token; distinct over all batches of one call
 * @param tokens how many entries of the two arrays count
 */
@SuppressWarnings("ArrayRecordComponent") // hot path; identity is never used
public record ExpertBatch(Expert expert, int[] inputRows, int[] outputRows, int tokens) {}
