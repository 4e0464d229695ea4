package dev.drey.jobs.cli;

import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.PlanSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.options.Setting;
import dev.drey.jobs.options.Validator;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.EnginePlanner;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.Planner;
import dev.drey.runtime.plan.Workload;
import dev.drey.runtime.probe.MachineFile;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Plans how an engine would use a budget, without opening one. */
@Command(
    name = "plan",
    description = {
      "Plans a run: sequences per step, split of the memory, expected tokens per second and hours.",
      "Measures this machine for about three seconds and remembers it. See docs/planning.md."
    })
final class PlanCommand implements CliCommand {
  private static final long GIB = 1L << 30;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "P",
      description = "Tokens of a usual prompt (drey.plan.prompt-tokens).")
  @Nullable Integer promptTokens;

  @Option(
      names = "--max-tokens",
      paramLabel = "T",
      description = "Tokens usually generated for it; 1 for scoring (drey.plan.max-tokens).")
  @Nullable Integer maxTokens;

  @Option(
      names = "--records",
      paramLabel = "N",
      description = "Records to say the hours for; default ${DEFAULT-VALUE}.")
  long records = 1_000_000;

  @Option(
      names = "--skew",
      paramLabel = "S",
      description =
          "How uneven experts are chosen: popularity falls with rank to the power -S; default"
              + " ${DEFAULT-VALUE}, all alike, which needs most transfers.")
  double skew = EnginePlanner.NO_SKEW;

  @Option(
      names = "--measure",
      description = "Measure this machine anew, in place of what was measured before.")
  boolean measure;

  @Option(
      names = "--measurements",
      paramLabel = "DIR",
      description = "Where measurements are kept; default: drey in the user's caches.")
  Path measurements = MachineFile.usualDirectory();

  @Override
  public Set<Section> sections() {
    return EnumSet.of(Section.ENGINE);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    Configuration settings = new Configuration(invocation.settings());
    set(settings, PlanSettings.PROMPT_TOKENS, promptTokens);
    set(settings, PlanSettings.MAX_TOKENS, maxTokens);
    settings.removeConfig(PlanSettings.GROUP.option());
    Validator.check(settings, List.of(EngineSettings.MODEL, EngineSettings.DEVICE_MEMORY));
    require(records >= 1, "--records: expected at least 1, found " + records);
    require(skew >= 0, "--skew: expected 0 or more, found " + skew);
    EngineConfig config = EngineSettings.engine(settings);
    MemorySize memory = MemorySize.parse(EngineSettings.DEVICE_MEMORY.in(settings));
    try (EnginePlanner engines = EnginePlanner.open(config)) {
      PlanReport report =
          plan(engines, engines.bytes(memory), PlanSettings.workload(settings), invocation);
      if (invocation.json()) {
        invocation.console().out().println(PlanJson.of(report));
      } else {
        invocation.console().out().print(PlanTable.of(report));
      }
    }
    return ExitCode.DONE;
  }

  private static void set(
      Configuration settings, Setting<Integer> setting, @Nullable Integer value) {
    if (value != null) {
      settings.set(setting.option(), value);
    }
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new RefusedException(problem);
    }
  }

  private PlanReport plan(
      EnginePlanner engines, long budget, Workload workload, Invocation invocation) {
    invocation
        .console()
        .err()
        .println("drey: measuring this machine, or reading what was measured");
    Machine machine =
        measure
            ? engines.measure(measurements, Long.MAX_VALUE)
            : engines.machine(measurements, Long.MAX_VALUE);
    int most = (int) Math.min(Integer.MAX_VALUE, records);
    Planner planner = engines.planner(machine, workload, skew, most);
    GroupPlan plan = planner.solve(budget);
    GroupPlan larger = planner.solve(budget + GIB);
    return new PlanReport(
        engines.model(),
        machine,
        plan,
        larger,
        planner.leastBytes(),
        budget,
        engines.hostExperts(),
        records);
  }
}
