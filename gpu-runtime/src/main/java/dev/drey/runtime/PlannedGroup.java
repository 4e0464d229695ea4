package dev.drey.runtime;

import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.probe.MachineFile;
import dev.drey.runtime.schedule.ScheduleConfig;

/**
 * What an engine that plans itself was planned from, for it to plan again.
 *
 * @param config the configuration as planned
 * @param plan what was chosen
 * @param machine what for
 * @param budgetBytes memory that the plan splits
 * @param measurements where what was measured of the machine is kept
 */
record PlannedGroup(
    EngineConfig config,
    GroupPlan plan,
    Machine machine,
    long budgetBytes,
    MachineFile measurements) {

  /** Limits of the scheduler as planned; what no plan chooses is taken from others. */
  static ScheduleConfig schedule(GroupPlan plan, ScheduleConfig others) {
    return new ScheduleConfig(
        plan.sequences(),
        plan.sequences(),
        plan.stepTokens(),
        plan.stepTokens(),
        others.stepNanos(),
        others.prefixReuse());
  }
}
