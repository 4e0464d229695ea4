package dev.drey.runtime.schedule;

import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.sampling.Sampler;
import dev.drey.runtime.sampling.TokenChoice;
import java.nio.FloatBuffer;

/**
 * The last stage of a step: reads the wanted logits and writes the chosen (or scored) tokens into
 * the step. Keeps nothing from step to step, so that any sampler may serve any step. One thread at
 * a time.
 */
public final class StepSampler {
  private final int vocabulary;
  private final int rowsPerRead;
  private final Sampler sampler;

  /**
   * @param rowsPerRead most rows asked of the source at a time
   */
  public StepSampler(ModelLimits limits, int rowsPerRead) {
    if (rowsPerRead < 1) {
      throw new IllegalArgumentException("rowsPerRead must be at least 1, not " + rowsPerRead);
    }
    this.vocabulary = limits.vocabulary();
    this.rowsPerRead = rowsPerRead;
    this.sampler = new Sampler(vocabulary, limits.endTokens());
  }

  /**
   * Decides every wanted row of a step.
   *
   * @throws dev.drey.runtime.sampling.LogitsException naming the sequence, if its logits are NaN
   */
  public void sample(Step step, LogitsSource source) {
    int wanted = step.batch().logitCount();
    for (int from = 0; from < wanted; from += rowsPerRead) {
      int count = Math.min(rowsPerRead, wanted - from);
      FloatBuffer rows = source.rows(from, count);
      int first = rows.position();
      for (int i = 0; i < count; i++) {
        rows.position(first + i * vocabulary);
        step.choose(from + i, choose(step, from + i, rows));
      }
    }
  }

  private TokenChoice choose(Step step, int wanted, FloatBuffer logits) {
    Sequence sequence = step.owner(wanted);
    SequenceRequest request = sequence.request();
    if (sequence.generates()) {
      return sampler.sample(logits, request.sampling(), sequence.history());
    }
    StepBatch batch = step.batch();
    int position = batch.positions()[batch.logitRows()[wanted]] + 1;
    return sampler.score(
        logits,
        request.promptIds()[position],
        request.sampling().logprobs(),
        sequence.history(),
        position);
  }
}
