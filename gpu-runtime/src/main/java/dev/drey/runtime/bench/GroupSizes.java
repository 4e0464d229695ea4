package dev.drey.runtime.bench;

import dev.drey.runtime.EnginePlanner;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.Planner;
import dev.drey.runtime.plan.Workload;

/**
 * Asks the planner where the group is {@code auto}.
 *
 * <p>The planner gets the memory that a group of all sequences of a round (or of as many as a step
 * has rows) takes with the window asked for, and splits it anew into group, step, key/value pool
 * and window, for the policies that are measured; with a window of 100 % it has no limit, so that
 * everything is resident at the group that suits that best. The engine's pool is the one that this
 * benchmark's sequences need, as for every other group, so totals may differ by some blocks; the
 * report tells each.
 *
 * <p><b>Ownership.</b> Owns a device while it is open. One thread.
 */
final class GroupSizes implements AutoCloseable {
  private final BenchOptions options;
  private final SizedGroup all;
  private final EnginePlanner engines;

  /** Opens the model; loads nothing. */
  GroupSizes(BenchOptions options) {
    this.options = options;
    int together = Math.min(options.sequences(), options.stepTokens());
    this.all = new SizedGroup(new Group(together), together, options.stepTokens());
    MemorySize any = options.expertMemory().get(0);
    this.engines = EnginePlanner.open(BenchCase.of(all, any, any, options).get(0).engine(options));
  }

  /** Share of the model's experts that the host tier has room for. */
  double hostShare() {
    return (double) engines.hostExperts() / engines.model().totalExperts();
  }

  /**
   * The plan for the memory that all sequences together take with a window, or for any memory if
   * that is 100 %.
   *
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if none fits
   */
  GroupPlan plan(MemorySize window, Machine machine) {
    Planner planner =
        engines.planner(
            machine,
            workload(),
            EnginePlanner.NO_SKEW,
            options.sequences(),
            options.plannedPolicies());
    return planner.solve(
        window.percent() == 100
            ? Long.MAX_VALUE
            : planner.bytes(all.sequences(), all.stepTokens(), window));
  }

  /** Prompts alone, or where decoding is measured, sequences as long of which every row decodes. */
  private Workload workload() {
    return options.phases().contains(Phase.DECODE)
        ? new Workload(1, options.promptTokens() + options.maxTokens())
        : new Workload(options.promptTokens(), 1);
  }

  @Override
  public void close() {
    engines.close();
  }
}
