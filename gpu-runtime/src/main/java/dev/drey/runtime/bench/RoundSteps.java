package dev.drey.runtime.bench;

import dev.drey.runtime.plan.MeanStep;
import dev.drey.runtime.plan.Workload;
import java.util.List;

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
   * whole steps as the round's sequences take; in decoding one row for each sequence of a group,
   * and the last group may have fewer.
   */
  static List<RoundSteps> of(Phase phase, SizedGroup group, BenchOptions options) {
    if (phase == Phase.DECODE) {
      int full = options.sequences() / group.sequences();
      int left = options.sequences() % group.sequences();
      RoundSteps whole = decoding(group.sequences(), full, group, options);
      return left == 0 ? List.of(whole) : List.of(whole, decoding(left, 1, group, options));
    }
    boolean scores = phase == Phase.SCORE;
    int tokens = options.promptTokens() - (scores ? 1 : 0);
    MeanStep ideal = MeanStep.of(new Workload(tokens, 1), group.sequences(), group.stepTokens());
    int count = (int) Math.ceil(options.sequences() / ideal.records() - ROUNDING);
    MeanStep step = ideal.withRecords((double) options.sequences() / count);
    return List.of(new RoundSteps(scores ? step.scored() : step, count));
  }

  private static RoundSteps decoding(
      int sequences, int groups, SizedGroup group, BenchOptions options) {
    double unmeasured = group.prefillSteps(options) / 2.0;
    double context = options.promptTokens() + unmeasured + (options.maxTokens() + 1) / 2.0;
    return new RoundSteps(MeanStep.decoding(sequences, context), groups * options.maxTokens());
  }
}
