package dev.drey.runtime.schedule;

import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.sampling.Sampler;
import dev.drey.runtime.sampling.TokenChoice;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;

/**
 * The last stage of a step: reads the wanted logits and writes the chosen (or scored) tokens into
 * the step. Keeps nothing from step to step, so that any sampler may serve any step.
 *
 * <p><b>Threading.</b> One caller at a time. Rows are shared out to threads of its own, each with
 * scratch of its own; a row is decided by one thread, so that its bits do not depend on how many
 * there are.
 */
public final class StepSampler implements AutoCloseable {
  private final int vocabulary;
  private final int rowsPerRead;
  private final Sampler[] samplers;
  private final ThreadTeam team;

  /**
   * @param rowsPerRead most rows asked of the source at a time
   * @param threads how many decide rows, the caller included
   */
  public StepSampler(ModelLimits limits, int rowsPerRead, int threads) {
    if (rowsPerRead < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "rowsPerRead and threads must be at least 1, not %d and %d"
              .formatted(rowsPerRead, threads));
    }
    this.vocabulary = limits.vocabulary();
    this.rowsPerRead = rowsPerRead;
    this.samplers = new Sampler[threads];
    for (int i = 0; i < threads; i++) {
      samplers[i] = new Sampler(vocabulary, limits.endTokens());
    }
    this.team = new ThreadTeam(threads, "drey-sampler");
  }

  /** Heap memory of all threads' scratch, in bytes. */
  public static long scratchBytes(int vocabulary, int threads) {
    return threads * Sampler.scratchBytes(vocabulary);
  }

  /**
   * Decides every wanted row of a step.
   *
   * @throws dev.drey.runtime.sampling.LogitsException naming the sequence, if its logits are NaN
   */
  public void sample(Step step, LogitsSource source) {
    int wanted = step.batch().logitCount();
    for (int from = 0; from < wanted; from += rowsPerRead) {
      int first = from;
      int count = Math.min(rowsPerRead, wanted - from);
      FloatBuffer rows = source.rows(from, count);
      int at = rows.position();
      team.run(
          count,
          (worker, row) -> {
            FloatBuffer logits = rows.slice(at + row * vocabulary, vocabulary);
            step.choose(first + row, choose(samplers[worker], step, first + row, logits));
          },
          () -> false);
    }
  }

  private static TokenChoice choose(Sampler sampler, Step step, int wanted, FloatBuffer logits) {
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

  @Override
  public void close() {
    team.close();
  }
}
