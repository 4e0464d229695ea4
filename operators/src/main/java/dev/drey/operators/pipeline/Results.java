package dev.drey.operators.pipeline;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.EngineFacts;
import dev.drey.operators.slot.EngineIdentity;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.FinishReason;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.SequenceRequest.Kind;
import dev.drey.schemas.EffectiveSampling;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.TokenLogprob;
import dev.drey.schemas.TopLogprob;
import dev.drey.schemas.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the results of finished sequences. A result depends on the request, the model and the
 * numeric fingerprint and on nothing else: no clock, no attempt, no neighbour.
 */
final class Results {
  private final EngineFacts facts;

  Results(EngineFacts facts) {
    this.facts = facts;
  }

  /** The result of a finished sequence. */
  InferenceResult of(SourceRecord record, @Nullable String customId, Sequence sequence) {
    EngineIdentity identity = facts.identity();
    InferenceResult result = new InferenceResult();
    result.setId(record.identity());
    result.setCustomId(customId);
    result.setModel(identity.model());
    result.setModelDigest(identity.modelDigest());
    result.setSystemFingerprint(identity.computeType() + "/" + identity.numericFingerprint());
    result.setEngineVersion(facts.engineVersion());
    SequenceProgress progress = sequence.progress();
    result.setTokenIds(ints(progress.outputIds()));
    if (sequence.request().kind() == Kind.SCORE) {
      addScore(result, sequence, progress);
    } else {
      addText(result, sequence, progress);
    }
    return result;
  }

  private static void addScore(
      InferenceResult result, Sequence sequence, SequenceProgress progress) {
    result.setLoglikelihood(sequence.logprobSum());
    result.setIsGreedy(sequence.isGreedy());
    List<Float> logprobs = new ArrayList<>();
    for (float logprob : progress.logprobs()) {
      logprobs.add(logprob);
    }
    result.setTokenLogprobs(logprobs);
    result.setUsage(usage(sequence.request(), 0));
  }

  private static void addText(
      InferenceResult result, Sequence sequence, SequenceProgress progress) {
    FinishReason reason = sequence.finishReason();
    if (reason == null) {
      throw new IllegalStateException("result of an unfinished " + sequence);
    }
    SamplingParams sampling = sequence.request().sampling();
    result.setFinishReason(reason.wireName());
    result.setText(sequence.text());
    if (sampling.logprobs() >= 0) {
      result.setLogprobs(logprobs(progress));
    }
    result.setUsage(usage(sequence.request(), progress.outputIds().length));
    result.setSampling(effective(sampling));
  }

  private static List<TokenLogprob> logprobs(SequenceProgress progress) {
    int count = progress.outputIds().length;
    int alternatives = count == 0 ? 0 : progress.topIds().length / count;
    List<TokenLogprob> tokens = new ArrayList<>(count);
    for (int token = 0; token < count; token++) {
      List<TopLogprob> top = new ArrayList<>(alternatives);
      for (int i = token * alternatives; i < (token + 1) * alternatives; i++) {
        top.add(new TopLogprob(progress.topIds()[i], progress.topLogprobs()[i]));
      }
      tokens.add(new TokenLogprob(progress.outputIds()[token], progress.logprobs()[token], top));
    }
    return tokens;
  }

  private static Usage usage(SequenceRequest request, int completion) {
    int prompt = request.promptIds().length;
    return new Usage(prompt, completion, prompt + completion);
  }

  private static EffectiveSampling effective(SamplingParams sampling) {
    EffectiveSampling effective = new EffectiveSampling();
    effective.setMaxTokens(sampling.maxTokens());
    effective.setTemperature(sampling.temperature());
    effective.setTopP(sampling.topP());
    effective.setTopK(sampling.topK());
    effective.setMinP(sampling.minP());
    effective.setRepetitionPenalty(sampling.repetitionPenalty());
    effective.setPresencePenalty(sampling.presencePenalty());
    effective.setFrequencyPenalty(sampling.frequencyPenalty());
    effective.setSeed(sampling.seed());
    effective.setStop(sampling.stop());
    effective.setStopTokenIds(sampling.stopTokenIds().stream().sorted().toList());
    effective.setIgnoreEos(sampling.ignoreEos());
    effective.setMinTokens(sampling.minTokens());
    effective.setLogprobs(sampling.logprobs() < 0 ? null : sampling.logprobs());
    return effective;
  }

  private static List<Integer> ints(int[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
