package dev.drey.jobs.cli;

import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.OverlapRule;
import java.util.List;

/**
 * A plan with all that explains it.
 *
 * @param model the model
 * @param machine what the machine can do
 * @param plan the plan
 * @param larger the plan for one GiB more
 * @param leastBytes the smallest budget with a plan
 * @param budgetBytes the budget
 * @param hostExperts experts that page-locked host memory holds, 0 if none is set
 * @param records records to say the hours for
 */
record PlanReport(
    ModelConfig model,
    Machine machine,
    GroupPlan plan,
    GroupPlan larger,
    long leastBytes,
    long budgetBytes,
    int hostExperts,
    long records) {

  /** Tokens per second that a floor of the mean step would allow. */
  double tokensPerSecond(double floorNanos) {
    return floorNanos == 0
        ? Double.POSITIVE_INFINITY
        : plan.forecast().step().rows() / floorNanos * 1e9;
  }

  /** Share by which one GiB more is faster. */
  double gain() {
    return larger.tokensPerSecond() / plan.tokensPerSecond() - 1;
  }

  List<OverlapRule> rules() {
    return OverlapRule.of(plan.forecast(), model.moeLayers(), model.moe().expertsPerToken());
  }
}
