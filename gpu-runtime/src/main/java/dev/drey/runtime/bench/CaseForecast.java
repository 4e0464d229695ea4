package dev.drey.runtime.bench;

import dev.drey.runtime.EnginePlanner;
import dev.drey.runtime.layers.ExpertOrder;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.ExpertPopularity;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.MeanStep;
import dev.drey.runtime.plan.StepModel;
import dev.drey.runtime.plan.WindowPolicy;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the planner expects of a case: its {@link StepModel}, on the machine as this benchmark
 * measured it, with experts that are all alike, for the steps that a phase's round consists of.
 *
 * <p>The planner expects transfers to hide behind computing and has a model of some cache policies.
 * It expects nothing of cases that have to bring experts in and do so without prefetch or before
 * any of them computes, nor of other policies.
 */
final class CaseForecast {
  private final BenchOptions options;
  private final ModelConfig model;
  private final StepModel steps;

  CaseForecast(BenchOptions options, ModelConfig model, Machine machine) {
    this.options = options;
    this.model = model;
    this.steps =
        new StepModel(
            model,
            options.compute(),
            machine,
            ExpertPopularity.of(
                model.moe().experts(), model.moe().expertsPerToken(), EnginePlanner.NO_SKEW),
            options.threads(),
            Runtime.getRuntime().availableProcessors());
  }

  /**
   * Tokens computed per second of a phase; null if the planner has no model of the case.
   *
   * @param slots experts the window holds
   */
  @Nullable Double tokensPerSecond(Phase phase, BenchCase setup, int slots) {
    WindowPolicy policy = policy(setup, slots).orElse(null);
    if (policy == null) {
      return null;
    }
    MeanStep step = RoundSteps.of(phase, setup.group(), options).step();
    return step.rows() / steps.forecast(step, slots, policy).nanos() * 1e9;
  }

  private Optional<WindowPolicy> policy(BenchCase setup, int slots) {
    if (slots == model.totalExperts()) {
      return Optional.of(WindowPolicy.LRU); // nothing is ever missed
    }
    if (!setup.prefetches() || setup.order() != ExpertOrder.ARRIVAL) {
      return Optional.empty();
    }
    return Arrays.stream(WindowPolicy.values())
        .filter(policy -> policy.policy().equals(setup.policy()))
        .findFirst();
  }
}
