package dev.drey.runtime.schedule;

import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.sampling.TokenChoice;
import org.jspecify.annotations.Nullable;

/**
 * Takes a decided token into its sequence and says whether that ended it. The one place where the
 * order of the rules is written: end tokens, stop tokens, stop strings, {@code max_tokens}, longest
 * supported sequence. Until {@code min_tokens} are produced only the last two apply. Where text was
 * held back at the end, because a character was incomplete, it is given up last and may still hold
 * a stop string. There is no rule for deadlines: requests with {@code deadline_ms} are refused.
 */
final class FinishRules {
  private final ModelLimits limits;

  FinishRules(ModelLimits limits) {
    this.limits = limits;
  }

  /** Appends the token; returns the reason if the sequence has ended, null otherwise. */
  @Nullable FinishReason append(Sequence sequence, TokenChoice choice) {
    sequence.appendOutput(choice);
    SequenceRequest request = sequence.request();
    int count = sequence.outputCount();
    if (!sequence.generates()) {
      return count == request.scoredTokens() ? FinishReason.STOP : null;
    }
    SamplingParams params = request.sampling();
    if (count > params.minTokens() && ends(params, choice.id())) {
      sequence.finishText();
      return FinishReason.STOP;
    }
    if (sequence.appendText(choice.id(), count)) {
      return FinishReason.STOP;
    }
    boolean full = request.promptIds().length + count >= limits.maxPositions();
    if (count < params.maxTokens() && !full) {
      return null;
    }
    return sequence.finishText() ? FinishReason.STOP : FinishReason.LENGTH;
  }

  private boolean ends(SamplingParams params, int id) {
    return (!params.ignoreEos() && limits.endTokens().contains(id))
        || params.stopTokenIds().contains(id);
  }
}
