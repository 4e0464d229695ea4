package dev.drey.runtime;

import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.LinkUse;
import dev.drey.runtime.plan.LivePlan;
import dev.drey.runtime.plan.MeanStep;
import dev.drey.runtime.plan.PlanStats;
import dev.drey.runtime.plan.Planner;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the limits of a scheduler at what the engine's plan says, which is solved again when steps
 * take otherwise than planned.
 *
 * <p><b>What outlives the engine.</b> The rate that experts come in at, once another than planned
 * has held for minutes of steps: what a link gives to this model tends to last (what fits into the
 * page cache, whose disk it is), and a restart can split the memory for it. It is kept beside the
 * measurements, not in their place, and a restarted engine that sees another rate corrects it
 * likewise. How fast processors are is not kept: who else uses them changes from hour to hour.
 * Neither is a rate that a pace or a host tier has a part in, which says nothing of the link.
 *
 * <p><b>Threading.</b> Belongs to the thread that runs steps; {@link #stats()} to any.
 */
final class LiveLimits {
  private static final Logger LOG = LoggerFactory.getLogger(LiveLimits.class);
  private static final double MEGA = 1e6;

  private final PlannedGroup group;
  private final LivePlan live;

  /**
   * @param planner that made the plan
   * @param link counters of the link from the start on
   */
  LiveLimits(PlannedGroup group, Planner planner, Supplier<LinkUse> link) {
    this.group = group;
    this.live = new LivePlan(group.plan(), planner, link, this::keep);
  }

  /** Sets the limits of the plan now in use. */
  void apply(StepScheduler scheduler) {
    scheduler.changeLimits(PlannedGroup.schedule(live.current(), group.config().schedule()));
  }

  /** Takes a step that was run into account. */
  void observe(Step step, long nanos, StepScheduler scheduler) {
    GroupPlan before = live.current();
    if (live.observe(rows(step), nanos)) {
      apply(scheduler);
      log(before);
    }
  }

  /** How steps compare with the plan. */
  PlanStats stats() {
    return live.stats();
  }

  private static MeanStep rows(Step step) {
    double decodeRows = 0;
    double decoded = 0;
    double prefillRows = 0;
    double prefilled = 0;
    double prefills = 0;
    for (MicroBatch micro : step.batch().microBatches()) {
      for (Span span : micro.attention().spans()) {
        double context = span.startPosition() + (span.rows() + 1) / 2.0;
        if (span.rows() == 1) {
          decodeRows++;
          decoded += context;
        } else {
          prefills++;
          prefillRows += span.rows();
          prefilled += span.rows() * context;
        }
      }
    }
    return new MeanStep(
        0,
        decodeRows,
        prefillRows,
        prefills,
        decodeRows == 0 ? 0 : decoded / decodeRows,
        prefillRows == 0 ? 0 : prefilled / prefillRows,
        step.batch().logitCount(),
        step.scoredRows());
  }

  private void log(GroupPlan before) {
    PlanStats now = live.stats();
    LOG.info(
        "Planned again: computing takes {} times as long as planned, experts come in at {} MB/s, planned were {}; at most {} sequences and {} tokens a step from here on, {} and {} before; {} tokens/s expected. {}",
        ratio(now.slowdown()),
        Math.round(live.arrivalBytesPerSecond() / MEGA),
        Math.round(live.plannedArrivalBytesPerSecond() / MEGA),
        now.sequences(),
        now.stepTokens(),
        before.sequences(),
        before.stepTokens(),
        Math.round(live.current().tokensPerSecond()),
        anew());
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private String anew() {
    GroupPlan anew = live.anew(group.budgetBytes());
    return "With its memory split anew for that, an engine would take %d sequences, %d tokens a step, %d of %d experts, %s, for %d tokens/s"
        .formatted(
            anew.sequences(),
            anew.stepTokens(),
            anew.memory().slots(),
            anew.memory().totalExperts(),
            anew.policy().policy(),
            Math.round(anew.tokensPerSecond()));
  }

  private void keep(double bytesPerSecond) {
    if (group.config().transfer().maxBytesPerSecond() > 0 || group.config().hostMemory() != null) {
      return;
    }
    try {
      group.measurements().writeSeenArrival(bytesPerSecond);
      LOG.info(
          "Experts have come in at {} MB/s for long: kept in {} for the next start",
          Math.round(bytesPerSecond / MEGA),
          group.measurements().path());
    } catch (IOException e) {
      LOG.warn(
          "The rate that experts come in at could not be kept in {}",
          group.measurements().path(),
          e);
    }
  }
}
