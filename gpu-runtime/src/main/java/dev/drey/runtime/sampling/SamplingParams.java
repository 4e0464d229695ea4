package dev.drey.runtime.sampling;

import java.util.List;
import java.util.Set;

/**
 * How the next token is chosen, with the names and meanings of the OpenAI and vLLM interfaces. All
 * values are resolved: defaults applied, ranges checked, seed set.
 *
 * @param maxTokens most tokens to generate, at least 1
 * @param temperature 0 means greedy
 * @param topK keep the k likeliest; 0 means all
 * @param topP keep the likeliest until their probabilities reach this sum; 1 means all
 * @param minP drop tokens less likely than this share of the likeliest; 0 means none
 * @param repetitionPenalty divides (or multiplies, if negative) logits of tokens seen in prompt or
 *     output; 1 means none
 * @param presencePenalty subtracted once from logits of tokens in the output
 * @param frequencyPenalty subtracted from logits per occurrence in the output
 * @param seed of the counter-based draws
 * @param stopTokenIds ids that end the sequence besides the model's end tokens
 * @param stop strings that end the sequence; not part of the text
 * @param ignoreEos whether the model's end tokens are ordinary
 * @param minTokens tokens before which nothing but {@code maxTokens} ends the sequence
 * @param logprobs number of likeliest alternatives reported per token; -1 means no
 *     log-probabilities
 */
public record SamplingParams(
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    long seed,
    Set<Integer> stopTokenIds,
    List<String> stop,
    boolean ignoreEos,
    int minTokens,
    int logprobs) {

  public SamplingParams {
    stopTokenIds = Set.copyOf(stopTokenIds);
    stop = List.copyOf(stop);
  }

  /** Greedy decoding of so many tokens, ended by the model's end tokens. */
  public static SamplingParams greedy(int maxTokens) {
    return new SamplingParams(maxTokens, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), false, 0, -1);
  }
}
