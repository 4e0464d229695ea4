package dev.drey.runtime.checkpoint;

import dev.drey.runtime.sampling.SamplingParams;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How its authors want a model to generate, from {@code generation_config.json}. Whoever serves
 * requests decides whether these values fill what a request leaves open.
 *
 * @param eosTokenIds tokens that end a sequence, rising; from {@code config.json} where {@code
 *     generation_config.json} names none; may be empty
 * @param bosTokenId token that starts a sequence
 * @param doSample false means greedy
 * @param temperature from 0
 * @param topK keep the k likeliest; 0 means all
 * @param topP keep the likeliest until their probabilities reach this sum, above 0
 * @param minP drop tokens less likely than this share of the likeliest
 * @param repetitionPenalty above 0, at most {@link SamplingParams#MAX_REPETITION_PENALTY}; 1 means
 *     none
 * @param maxNewTokens most tokens to generate
 */
public record GenerationDefaults(
    List<Integer> eosTokenIds,
    OptionalInt bosTokenId,
    Optional<Boolean> doSample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalInt maxNewTokens) {

  public GenerationDefaults {
    eosTokenIds = eosTokenIds.stream().sorted().distinct().toList();
  }

  /**
   * Reads the defaults.
   *
   * @param generation {@code generation_config.json}, null if there is none
   * @param config {@code config.json}
   * @param vocabulary ids are below it
   * @throws dev.drey.runtime.safetensors.ModelFileException if a value is impossible
   */
  static GenerationDefaults read(
      @Nullable JsonConfig generation, JsonConfig config, int vocabulary) {
    List<Integer> configured = config.integers("eos_token_id", 0, vocabulary - 1);
    OptionalInt bos = config.optionalInteger("bos_token_id", 0, vocabulary - 1);
    if (generation == null) {
      return new GenerationDefaults(
          configured,
          bos,
          Optional.empty(),
          OptionalDouble.empty(),
          OptionalInt.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalInt.empty());
    }
    List<Integer> eos = generation.integers("eos_token_id", 0, vocabulary - 1);
    return new GenerationDefaults(
        eos.isEmpty() ? configured : eos,
        generation.has("bos_token_id")
            ? generation.optionalInteger("bos_token_id", 0, vocabulary - 1)
            : bos,
        generation.optionalFlag("do_sample"),
        generation.optionalNumber("temperature", 0, 1000),
        topK(generation),
        topP(generation),
        generation.optionalNumber("min_p", 0, 1),
        generation.optionalNumber(
            "repetition_penalty", Double.MIN_NORMAL, SamplingParams.MAX_REPETITION_PENALTY),
        generation.optionalInteger("max_new_tokens", 1, Integer.MAX_VALUE));
  }

  private static OptionalDouble topP(JsonConfig generation) {
    OptionalDouble topP = generation.optionalNumber("top_p", 0, 1);
    if (topP.isPresent() && topP.getAsDouble() == 0) {
      throw generation.refuse("top_p", "a number above 0, at most 1", "Correct the value.");
    }
    return topP;
  }

  /** Some files write -1 where others write 0. */
  private static OptionalInt topK(JsonConfig generation) {
    OptionalInt topK = generation.optionalInteger("top_k", -1, Integer.MAX_VALUE);
    return topK.isPresent() ? OptionalInt.of(Math.max(0, topK.getAsInt())) : topK;
  }
}
