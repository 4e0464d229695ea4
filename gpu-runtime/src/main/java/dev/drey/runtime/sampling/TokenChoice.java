package dev.drey.runtime.sampling;

/**
 * What was decided at one position. Log-probabilities are natural logarithms of the softmax of the
 * unmodified logits: before penalties, temperature and truncation.
 *
 * @param id the token
 * @param logprob its log-probability; NaN if none was asked for
 * @param likeliest whether it has the highest unmodified logit, ties to the lower id
 * @param topIds the likeliest tokens, likeliest first, ties to the lower id; empty if none were
 *     asked for; not copied
 * @param topLogprobs their log-probabilities
 */
public record TokenChoice(
    int id, float logprob, boolean likeliest, int[] topIds, float[] topLogprobs) {}
