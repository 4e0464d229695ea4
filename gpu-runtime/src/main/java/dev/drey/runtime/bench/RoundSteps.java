package dev.drey.runtime.bench;

import dev.drey.runtime.plan.MeanStep;
import dev.drey.runtime.plan.Workload;

/**
 * Steps of a round that are alike, as they are expected before it runs.
 *
 * @param step the mean of them
 * @param count how many there are
 */
record RoundSteps(MeanStep step, int count) {
  /** What divisions may be off. */
  private static final double ROUNDING = 1e-9;

  /**
   * The measured steps of a round. In prefill and scoring the mean step of the planner, in as many
   * whole steps as the round's sequences take; in decoding one row for each sequence of a group, as
   * often as whole groups go into the round.
   */
  static RoundSteps of(Phase phase, SizedGroup group, BenchOptions options) {
    if (phase == Phase.DECODE) {
      double unmeasured = group.prefillSteps(options) / 2.0;
      double context = options.promptTokens() + unmeasured + (options.maxTokens() + 1) / 2.0;
      return new RoundSteps(
          MeanStep.decoding(group.sequences(), context),
          options.sequences() / group.sequences() * options.maxTokens());
    }
    boolean scores = phase == Phase.SCORE;
    int tokens = options.promptTokens() - (scores ? 1 : 0);
    MeanStep ideal = MeanStep.of(new Workload(tokens, 1), group.sequences(), group.stepTokens());
    int count = (int) Math.ceil(options.sequences() / ideal.records() - ROUNDING);
    MeanStep step = ideal.withRecords((double) options.sequences() / count);
    return new RoundSteps(scores ? step.scored() : step, count);
  }
}
