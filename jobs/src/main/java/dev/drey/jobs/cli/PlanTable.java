package dev.drey.jobs.cli;

import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.Floor;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.plan.OverlapRule;
import dev.drey.runtime.plan.StepForecast;
import java.util.Locale;

/** A plan for people. */
final class PlanTable {
  private final PlanReport report;
  private final StringBuilder text = new StringBuilder();

  private PlanTable(PlanReport report) {
    this.report = report;
  }

  /** The plan as text. */
  static String of(PlanReport report) {
    PlanTable table = new PlanTable(report);
    table.subject();
    table.split();
    table.step();
    table.outcome();
    return table.text.toString();
  }

  private void subject() {
    ModelConfig model = report.model();
    Machine machine = report.machine();
    row(
        "model",
        "%s, %d layers, %d of them with %d experts, %d per token",
        model.architecture(),
        model.layers(),
        model.moeLayers(),
        model.moe().experts(),
        model.moe().expertsPerToken());
    row(
        "machine",
        "products up to %.0f GFLOP/s, memory %s/s, experts come in at %s/s (%s)",
        machine.products().peakFlopsPerSecond() / 1e9,
        SizeText.bytes(machine.memoryBytesPerSecond()),
        SizeText.bytes(machine.arrivalBytesPerSecond()),
        source(machine));
    row(
        "workload",
        "prompts of %d tokens, %d tokens generated",
        report.plan().workload().promptTokens(),
        report.plan().workload().maxTokens());
  }

  private static String source(Machine machine) {
    if (machine.pacedBytesPerSecond() > 0
        && machine.arrivalBytesPerSecond() == machine.pacedBytesPerSecond()) {
      return "paced";
    }
    return machine.storageShare() < 0
        ? "from storage or page cache"
        : SizeText.percent(machine.storageShare()) + " from storage, the rest from the page cache";
  }

  private void split() {
    GroupPlan plan = report.plan();
    MemoryPlan memory = plan.memory();
    FixedMemory fixed = memory.fixed();
    text.append('\n');
    row(
        "group",
        "%d sequences, steps of at most %d tokens, policy %s",
        plan.sequences(),
        plan.stepTokens(),
        plan.policy().policy());
    row(
        "device",
        "%s of %s; %s is the least that works",
        SizeText.bytes(memory.totalBytes()),
        SizeText.bytes(report.budgetBytes()),
        SizeText.bytes(report.leastBytes()));
    part("dense weights", fixed.dense());
    part("keys and values (%d blocks)".formatted(plan.kvBlocks()), fixed.kv());
    part("recurrent state", fixed.states());
    part("step buffers", fixed.activations() + fixed.sampling());
    part("scratch", fixed.scratch());
    part("staging", fixed.staging());
    part("shadow model", fixed.shadow());
    part(
        "experts (%d of %d)".formatted(memory.slots(), memory.totalExperts()),
        memory.windowBytes());
    if (report.hostExperts() > 0) {
      row(
          "host",
          "%d of %d experts, %s",
          report.hostExperts(),
          memory.totalExperts(),
          SizeText.bytes(report.hostExperts() * memory.slotBytes()));
    }
    row(
        "disk",
        "%d of %d experts, %s",
        memory.totalExperts() - memory.slots(),
        memory.totalExperts(),
        SizeText.bytes((memory.totalExperts() - memory.slots()) * memory.slotBytes()));
  }

  private void part(String name, long bytes) {
    if (bytes > 0) {
      text.append(String.format(Locale.ROOT, "    %-28s %12s%n", name, SizeText.bytes(bytes)));
    }
  }

  private void step() {
    StepForecast forecast = report.plan().forecast();
    Floor floor = forecast.floor();
    text.append('\n');
    row(
        "mean step",
        "%.1f ms: %.1f rows of prompts, %.1f that decode; %.1f experts per layer, %.1f brought in",
        forecast.nanos() / 1e6,
        forecast.step().prefillRows(),
        forecast.step().decodeRows(),
        forecast.touchedPerLayer(),
        forecast.missedPerLayer());
    row(
        "expected",
        "compute %.1f ms (attention %.1f, experts %.1f, output %.1f), arrival of experts %.1f ms",
        forecast.computeNanos() / 1e6,
        forecast.attentionNanos() / 1e6,
        forecast.expertNanos() / 1e6,
        forecast.logitNanos() / 1e6,
        forecast.arrivalNanos() / 1e6);
    row(
        "floors",
        "compute %s, memory %s, transfer %s",
        floor(floor.computeNanos()),
        floor(floor.memoryNanos()),
        floor(floor.transferNanos()));
    for (OverlapRule rule : report.rules()) {
      row(
          "overlap",
          "%s: %.2f ms %s %.2f ms per layer",
          rule.name(),
          rule.computeNanos() / 1e6,
          rule.holds() ? "hides" : "cannot hide",
          rule.arrivalNanos() / 1e6);
    }
  }

  private String floor(double nanos) {
    return nanos == 0
        ? "none"
        : String.format(
            Locale.ROOT, "%.1f ms (%.1f tokens/s)", nanos / 1e6, report.tokensPerSecond(nanos));
  }

  private void outcome() {
    GroupPlan plan = report.plan();
    GroupPlan larger = report.larger();
    text.append('\n');
    row(
        "speed",
        "%.1f tokens/s computed, %.1f generated",
        plan.tokensPerSecond(),
        plan.producedPerSecond());
    row(
        "time",
        "%s records in %.2f hours",
        SizeText.count(report.records()),
        plan.hours(report.records()));
    row(
        "one GiB more",
        plan.memory().slots() == plan.memory().totalExperts() && report.gain() == 0
            ? "buys nothing: every expert is resident"
            : "%.1f tokens/s computed (%+.1f %%), %d sequences, %d experts, %.2f hours",
        larger.tokensPerSecond(),
        100 * report.gain(),
        larger.sequences(),
        larger.memory().slots(),
        larger.hours(report.records()));
  }

  private void row(String name, String format, Object... values) {
    text.append(String.format(Locale.ROOT, "  %-14s", name))
        .append(String.format(Locale.ROOT, format, values))
        .append(System.lineSeparator());
  }
}
