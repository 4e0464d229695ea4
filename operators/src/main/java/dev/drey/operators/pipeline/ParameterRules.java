package dev.drey.operators.pipeline;

import dev.drey.operators.slot.EngineFacts;
import dev.drey.operators.slot.SamplingDefaults;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.schemas.InferenceRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Resolves sampling parameters: what the request says, else what the model's authors want, else
 * vLLM's defaults. Every value is checked; nothing is ignored, clamped or rounded.
 */
final class ParameterRules {
  private static final int DEFAULT_MAX_TOKENS = 16;

  private final RequestLimits limits;
  private final EngineFacts facts;
  private final long jobSeed;

  ParameterRules(RequestLimits limits, EngineFacts facts, long jobSeed) {
    this.limits = limits;
    this.facts = facts;
    this.jobSeed = jobSeed;
  }

  /**
   * The parameters in force for a request to generate.
   *
   * @param name the sender's name for the record, or its place; goes into a derived seed
   */
  SamplingParams resolve(InferenceRequest wire, int[] prompt, String name)
      throws RefusedRequestException {
    SamplingDefaults defaults = facts.sampling();
    Long seed = wire.getSeed();
    Integer topK = or(wire.getTopK(), defaults.topK());
    SamplingParams params =
        new SamplingParams(
            maxTokens(wire.getMaxTokens(), prompt.length),
            or(wire.getTemperature(), defaults.temperature()),
            topK == -1 ? 0 : topK,
            or(wire.getTopP(), defaults.topP()),
            or(wire.getMinP(), defaults.minP()),
            or(wire.getRepetitionPenalty(), defaults.repetitionPenalty()),
            or(wire.getPresencePenalty(), 0.0),
            or(wire.getFrequencyPenalty(), 0.0),
            seed != null ? seed : DerivedSeed.of(jobSeed, name, prompt),
            stopTokenIds(wire.getStopTokenIds()),
            stops(wire.getStop()),
            or(wire.getIgnoreEos(), false),
            or(wire.getMinTokens(), 0),
            logprobs(wire.getLogprobs()));
    List<String> violations = params.violations();
    if (!violations.isEmpty()) {
      throw invalid(String.join("; ", violations));
    }
    return params;
  }

  private int maxTokens(@Nullable Integer asked, int prompt) throws RefusedRequestException {
    int context = facts.limits().maxPositions();
    if (asked != null && asked < 1) {
      throw invalid("max_tokens must be at least 1, not " + asked);
    }
    if (asked != null && asked > limits.maxTokens()) {
      throw invalid(
          "max_tokens %d: expected at most %d, the job's limit"
              .formatted(asked, limits.maxTokens()));
    }
    int needed = asked != null ? asked : 1;
    if (prompt + (long) needed > context) {
      throw new RefusedRequestException(
          RequestProblem.CONTEXT_EXCEEDED,
          "prompt of %d tokens + max_tokens %d: expected at most the %d the model supports"
              .formatted(prompt, needed, context));
    }
    return asked != null ? asked : Math.min(defaultMaxTokens(), context - prompt);
  }

  /** The job's own, else the model's, else vLLM's; never more than a request may ask for. */
  private int defaultMaxTokens() {
    int wanted =
        limits.defaultMaxTokens() != RequestLimits.MODEL_DEFAULT
            ? limits.defaultMaxTokens()
            : facts.sampling().maxTokens().orElse(DEFAULT_MAX_TOKENS);
    return Math.min(wanted, limits.maxTokens());
  }

  private Set<Integer> stopTokenIds(@Nullable List<Integer> given) throws RefusedRequestException {
    if (given == null) {
      return Set.of();
    }
    requireCount("stop_token_ids", given.size());
    int vocabulary = facts.limits().vocabulary();
    for (int id : given) {
      if (id < 0 || id >= vocabulary) {
        throw invalid("stop_token_ids: expected 0 to %d, found %d".formatted(vocabulary - 1, id));
      }
    }
    return new HashSet<>(given);
  }

  private List<String> stops(@Nullable List<String> given) throws RefusedRequestException {
    if (given == null) {
      return List.of();
    }
    requireCount("stop", given.size());
    for (String stop : given) {
      int bytes = stop.getBytes(StandardCharsets.UTF_8).length;
      if (bytes == 0 || bytes > limits.maxStopBytes()) {
        throw invalid(
            "stop: expected strings of 1 to %d bytes, found one of %d"
                .formatted(limits.maxStopBytes(), bytes));
      }
    }
    return given;
  }

  private void requireCount(String parameter, int count) throws RefusedRequestException {
    if (count > limits.maxStops()) {
      throw invalid(
          "%s: expected at most %d, found %d".formatted(parameter, limits.maxStops(), count));
    }
  }

  private static int logprobs(@Nullable Integer given) throws RefusedRequestException {
    if (given == null) {
      return -1;
    }
    if (given < 0) {
      throw invalid(
          "logprobs must be from 0 to %d, or absent, not %d"
              .formatted(SamplingParams.MAX_LOGPROBS, given));
    }
    return given;
  }

  private static <T> T or(@Nullable T given, T whenAbsent) {
    return Objects.requireNonNullElse(given, whenAbsent);
  }

  private static RefusedRequestException invalid(String message) {
    return new RefusedRequestException(RequestProblem.INVALID_PARAMETER, message);
  }
}
