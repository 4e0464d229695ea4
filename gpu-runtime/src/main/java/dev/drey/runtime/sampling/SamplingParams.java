package dev.drey.runtime.sampling;

import java.util.ArrayList;
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

  /** Most alternatives that can be reported per token. */
  public static final int MAX_LOGPROBS = 20;

  /** Largest repetition penalty; beyond it logits lose their meaning. */
  public static final double MAX_REPETITION_PENALTY = 100;

  public SamplingParams {
    stopTokenIds = Set.copyOf(stopTokenIds);
    stop = List.copyOf(stop);
  }

  /** Greedy decoding of so many tokens, ended by the model's end tokens. */
  public static SamplingParams greedy(int maxTokens) {
    return new SamplingParams(maxTokens, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), false, 0, -1);
  }

  /** The same with another number of reported alternatives; -1 for no log-probabilities. */
  public SamplingParams withLogprobs(int alternatives) {
    return new SamplingParams(
        maxTokens,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed,
        stopTokenIds,
        stop,
        ignoreEos,
        minTokens,
        alternatives);
  }

  /** Everything that is out of range, in words; empty if nothing is. */
  public List<String> violations() {
    List<String> found = new ArrayList<>();
    require(found, maxTokens >= 1, "max_tokens must be at least 1", maxTokens);
    require(
        found,
        minTokens >= 0 && minTokens <= maxTokens,
        "min_tokens must be from 0 to max_tokens",
        minTokens);
    require(
        found,
        temperature >= 0 && temperature <= Double.MAX_VALUE,
        "temperature must be finite and not negative",
        temperature);
    require(found, topK >= 0, "top_k must be positive, or 0 for all", topK);
    require(found, topP > 0 && topP <= 1, "top_p must be above 0 and at most 1", topP);
    require(found, minP >= 0 && minP <= 1, "min_p must be from 0 to 1", minP);
    require(
        found,
        repetitionPenalty > 0 && repetitionPenalty <= MAX_REPETITION_PENALTY,
        "repetition_penalty must be above 0 and at most " + MAX_REPETITION_PENALTY,
        repetitionPenalty);
    require(
        found,
        Math.abs(presencePenalty) <= 2,
        "presence_penalty must be from -2 to 2",
        presencePenalty);
    require(
        found,
        Math.abs(frequencyPenalty) <= 2,
        "frequency_penalty must be from -2 to 2",
        frequencyPenalty);
    require(
        found,
        logprobs >= -1 && logprobs <= MAX_LOGPROBS,
        "logprobs must be from 0 to " + MAX_LOGPROBS + ", or absent",
        logprobs);
    require(found, !stop.contains(""), "a stop string must have a character", "an empty one");
    return found;
  }

  private static void require(List<String> found, boolean holds, String rule, Object value) {
    if (!holds) {
      found.add(rule + ", not " + value);
    }
  }
}
