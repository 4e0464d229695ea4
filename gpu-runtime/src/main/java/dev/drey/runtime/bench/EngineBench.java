package dev.drey.runtime.bench;

import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineInfo;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.hosttier.HostTiers;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.WorkModel;
import dev.drey.runtime.probe.MachineProbe;
import dev.drey.runtime.probe.ProbeOptions;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs the same work under several cases and compares.
 *
 * <p><b>Fairness.</b> All engines are open from the beginning. Each phase runs in rounds, and in
 * each round every case once, one after the other, so that whatever else the machine does falls on
 * all of them alike. A round before the first is not counted. Windows keep their contents from
 * round to round: what is measured is the steady state. The scheduler's clock is out of play: every
 * case does the same steps with the same rows.
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
      for (BenchCase setup : BenchCase.of(options.expertMemory(), options.policies())) {
        contenders.add(open(setup));
      }
      progress.accept("measuring the machine");
      Machine machine = machine().withHostTier(hostShare(contenders.get(0).engine()));
      List<CaseResult> results = new ArrayList<>();
      for (Phase phase : options.phases()) {
        results.addAll(measure(phase, contenders, machine));
      }
      return report(host, machine, contenders.get(0).engine().info(), results);
    } finally {
      contenders.forEach(contender -> contender.engine().close());
    }
  }

  private static double hostShare(MoeEngine engine) {
    HostTierStats tier = engine.stats().hostTier();
    return tier == null ? 0 : (double) tier.slots() / engine.info().model().totalExperts();
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

  private List<CaseResult> measure(Phase phase, List<Contender> contenders, Machine machine) {
    EngineInfo info = contenders.get(0).engine().info();
    List<SequenceRequest> requests = WorkList.of(phase, options, info.model().vocabulary());
    Map<Contender, List<Run>> runs = new LinkedHashMap<>();
    for (int round = 0; round <= options.rounds(); round++) {
      for (Contender contender : contenders) {
        Run run = run(phase, contender.engine(), requests);
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
    WorkModel work = new WorkModel(info.model(), options.compute());
    List<CaseResult> results = new ArrayList<>();
    runs.forEach(
        (contender, all) ->
            results.add(
                CaseResult.of(
                    phase, contender.setup().name(), all, work, machine, setup(contender))));
    return results;
  }

  private Run run(Phase phase, MoeEngine engine, List<SequenceRequest> requests) {
    MeteredLoop loop = new MeteredLoop(engine, requests);
    return phase == Phase.DECODE ? loop.decoding(options.maxTokens()) : loop.toTheEnd();
  }

  private static CaseResult.Setup setup(Contender contender) {
    EngineInfo info = contender.engine().info();
    return new CaseResult.Setup(
        info.model().moeLayers(),
        info.memory().slots(),
        info.memory().totalBytes(),
        info.memory().residentBytes());
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
