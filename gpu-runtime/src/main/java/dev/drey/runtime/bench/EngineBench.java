package dev.drey.runtime.bench;

import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineInfo;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTiers;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.WorkModel;
import dev.drey.runtime.probe.MachineProbe;
import dev.drey.runtime.probe.ProbeOptions;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs the same work under several cases and compares.
 *
 * <p><b>Order.</b> Engines of groups that are set are opened, then the machine is measured, then
 * the planner sizes the groups it has to, and their engines are opened: before anything is measured
 * of them all are open. In the end the machine is measured once more; floors and expectations come
 * from the better of both, point by point, because what else runs for a moment spoils a point.
 *
 * <p><b>Fairness.</b> Each phase runs in rounds, and in each round every case once, one after the
 * other, so that whatever else the machine does falls on all of them alike. A round before the
 * first is not counted. Windows keep their contents from round to round: what is measured is the
 * steady state. The scheduler's clock is out of play: every case of a group does the same steps
 * with the same rows, and every group the same sequences.
 *
 * <p><b>Ownership.</b> Owns the engines while {@link #run} runs.
 */
public final class EngineBench {
  private final BenchOptions options;
  private final Consumer<String> progress;
  private final HostTiers hostTiers = new HostTiers();

  /**
   * @param progress told, now and then, what is being done
   */
  public EngineBench(BenchOptions options, Consumer<String> progress) {
    this.options = options;
    this.progress = progress;
  }

  /** An engine and the case it is for. */
  private record Contender(BenchCase setup, MoeEngine engine) {}

  /**
   * Measures everything.
   *
   * @throws IOException if the model cannot be read
   * @throws IllegalStateException if the engines do not fit into memory together
   */
  public BenchReport run() throws IOException {
    Host host = Host.here();
    List<Contender> contenders = new ArrayList<>();
    try {
      for (BenchCase setup : fixedCases()) {
        contenders.add(open(setup));
      }
      progress.accept("measuring the machine");
      Machine before = machine();
      double hostShare;
      try (GroupSizes sizes = new GroupSizes(options)) {
        hostShare = sizes.hostShare();
        for (BenchCase setup : plannedCases(sizes, before.withHostTier(hostShare))) {
          contenders.add(open(setup));
        }
      }
      Map<Phase, Map<Contender, List<Run>>> runs = new EnumMap<>(Phase.class);
      for (Phase phase : options.phases()) {
        runs.put(phase, measure(phase, contenders));
      }
      progress.accept("measuring the machine again");
      Machine machine = before.better(machine()).withHostTier(hostShare);
      List<CaseResult> results = new ArrayList<>();
      runs.forEach((phase, all) -> results.addAll(results(phase, all, machine)));
      return report(host, machine, contenders.get(0).engine().info(), results);
    } finally {
      contenders.forEach(contender -> contender.engine().close());
    }
  }

  private List<BenchCase> fixedCases() {
    if (options.ablation()) {
      return AblationCases.of(options).stream().flatMap(AblationCases::all).distinct().toList();
    }
    List<BenchCase> cases = new ArrayList<>();
    for (Group group : options.groups()) {
      if (!group.isPlanned()) {
        SizedGroup sized = SizedGroup.fixed(group, options);
        for (MemorySize window : options.expertMemory()) {
          cases.addAll(BenchCase.of(sized, window, window, options));
        }
      }
    }
    return cases;
  }

  private List<BenchCase> plannedCases(GroupSizes sizes, Machine machine) {
    List<BenchCase> cases = new ArrayList<>();
    if (options.groups().contains(Group.AUTO)) {
      for (MemorySize window : options.expertMemory()) {
        GroupPlan plan = sizes.plan(window, machine);
        progress.accept(
            String.format(
                Locale.ROOT,
                "group auto with %s: %d sequences, steps of at most %d rows, %d of %d experts, %s; %.1f tokens/s expected of a long run",
                window,
                plan.sequences(),
                plan.stepTokens(),
                plan.memory().slots(),
                plan.memory().totalExperts(),
                plan.policy().policy(),
                plan.tokensPerSecond()));
        SizedGroup sized = new SizedGroup(Group.AUTO, plan.sequences(), stepTokens(plan));
        MemorySize split =
            window.percent() == 100 ? window : MemorySize.ofBytes(plan.memory().windowBytes());
        cases.addAll(BenchCase.of(sized, window, split, options));
      }
    }
    return cases;
  }

  /**
   * In decoding all measured steps have a row for each sequence. Steps that read prompts, besides
   * sequences that decode already, get the benchmark's rows, or there would be hundreds of them.
   */
  private int stepTokens(GroupPlan plan) {
    return options.phases().contains(Phase.DECODE)
        ? Math.max(plan.stepTokens(), options.stepTokens())
        : plan.stepTokens();
  }

  private Machine machine() {
    try (Checkpoint checkpoint = Checkpoint.open(options.model());
        MemoryBudget budget = MemoryBudget.root("machine probe", Long.MAX_VALUE);
        Device device =
            Devices.open(
                options.device(), options.deviceIndex(), options.compute(), options.threads());
        ExpertSource experts = options.storage().open(checkpoint, device)) {
      ProbeOptions probe =
          new ProbeOptions(
              options.threads(),
              options.ioThreads(),
              options.stepTokens(),
              options.linkBytesPerSecond());
      return new MachineProbe(checkpoint, experts, device, probe, budget).measure();
    }
  }

  /** Bytes of all routed experts, as they lie in the files. */
  private long expertBytes() {
    try (Checkpoint checkpoint = Checkpoint.open(options.model())) {
      CheckpointSummary summary = checkpoint.summary();
      return summary.totalExperts() * summary.expertBytes();
    }
  }

  private Contender open(BenchCase setup) throws IOException {
    progress.accept("opening " + setup.name());
    long available = Host.availableBytes();
    MemorySize expertMemory = setup.expertMemory();
    long experts = expertMemory.of(expertBytes());
    if (experts > available) {
      throw new IllegalStateException(
          "case '%s' needs %d bytes for its experts and %d bytes are available; measure fewer cases at a time"
              .formatted(setup.name(), experts, available));
    }
    return new Contender(setup, MoeEngine.open(setup.engine(options), hostTiers));
  }

  private Map<Contender, List<Run>> measure(Phase phase, List<Contender> contenders) {
    Map<Contender, List<Run>> runs = new LinkedHashMap<>();
    for (int round = 0; round <= options.rounds(); round++) {
      for (Contender contender : contenders) {
        Run run = run(phase, contender);
        progress.accept(
            String.format(
                Locale.ROOT,
                "%s round %d/%d, %s: %.1f tokens/s",
                phase.label(),
                round,
                options.rounds(),
                contender.setup().name(),
                run.tokensPerSecond()));
        if (round > 0) {
          runs.computeIfAbsent(contender, c -> new ArrayList<>()).add(run);
        }
      }
    }
    return runs;
  }

  private List<CaseResult> results(Phase phase, Map<Contender, List<Run>> runs, Machine machine) {
    ModelConfig model = runs.keySet().iterator().next().engine().info().model();
    WorkModel work = new WorkModel(model, options.compute());
    CaseForecast forecast = new CaseForecast(options, model, machine);
    List<CaseResult> results = new ArrayList<>();
    runs.forEach(
        (contender, all) ->
            results.add(
                CaseResult.of(phase, setup(phase, contender, forecast), all, work, machine)));
    return results;
  }

  private Run run(Phase phase, Contender contender) {
    SizedGroup group = contender.setup().group();
    int vocabulary = contender.engine().info().model().vocabulary();
    List<SequenceRequest> requests = WorkList.of(phase, group, options, vocabulary);
    MeteredLoop loop = new MeteredLoop(contender.engine());
    return phase == Phase.DECODE
        ? loop.decoding(requests, group.sequences(), options.maxTokens())
        : loop.toTheEnd(requests);
  }

  private static CaseResult.Setup setup(Phase phase, Contender contender, CaseForecast forecast) {
    EngineInfo info = contender.engine().info();
    BenchCase setup = contender.setup();
    return new CaseResult.Setup(
        setup.name(),
        setup.kind(),
        setup.group(),
        info.model().moeLayers(),
        info.memory().slots(),
        info.memory().totalBytes(),
        info.memory().residentBytes(),
        forecast.tokensPerSecond(phase, setup, info.memory().slots()));
  }

  private BenchReport report(
      Host host, Machine machine, EngineInfo info, List<CaseResult> results) {
    return new BenchReport(
        options,
        host,
        machine,
        new BenchReport.Subject(info.modelName(), info.modelDigest(), info.fingerprint()),
        new WorkModel(info.model(), options.compute()).expertBytes() * info.model().totalExperts(),
        results);
  }
}
