package dev.drey.runtime.plan;

import java.util.Comparator;

/**
 * How to split a budget and how many sequences to compute together.
 *
 * @param sequences sequences of a step; also of a micro-batch, because step buffers hold all rows
 *     anyway and splitting attention would only read its weights again
 * @param stepTokens most rows of a step; a prompt may fill all of them
 * @param kvBlocks blocks of the key/value pool, enough for all sequences at their longest
 * @param policy cache policy
 * @param memory the split
 * @param forecast the mean step
 * @param workload what it is for
 */
public record GroupPlan(
    int sequences,
    int stepTokens,
    int kvBlocks,
    WindowPolicy policy,
    MemoryPlan memory,
    StepForecast forecast,
    Workload workload) {

  /** Short steps first, then little memory, then few sequences. */
  static final Comparator<GroupPlan> MODESTY =
      Comparator.<GroupPlan>comparingDouble(plan -> plan.forecast().nanos())
          .thenComparing(plan -> plan.memory().totalBytes())
          .thenComparing(GroupPlan::sequences)
          .thenComparing(GroupPlan::stepTokens)
          .thenComparing(GroupPlan::policy);

  /** Tokens computed per second, prompts included. */
  public double tokensPerSecond() {
    return forecast.recordsPerSecond() * workload.computedTokens();
  }

  /** Tokens produced per second. */
  public double producedPerSecond() {
    return forecast.recordsPerSecond() * workload.maxTokens();
  }

  /** Hours that so many records take. */
  public double hours(long records) {
    return records / forecast.recordsPerSecond() / 3600;
  }
}
