package dev.drey.runtime;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTierPlan;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.ExpertPopularity;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.plan.Planner;
import dev.drey.runtime.plan.StepModel;
import dev.drey.runtime.plan.WindowPolicy;
import dev.drey.runtime.plan.Workload;
import dev.drey.runtime.probe.MachineFile;
import dev.drey.runtime.probe.MachineProbe;
import dev.drey.runtime.probe.ProbeOptions;
import dev.drey.runtime.probe.Processor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans engines of a model on this machine: how many sequences to compute together, and how to
 * split the memory. What the machine can do is measured once and kept in a file.
 *
 * <p><b>Ownership.</b> Owns a device while it is open; nothing else may compute on the machine
 * while it measures. One thread.
 */
public final class EnginePlanner implements AutoCloseable {
  /** Skew that is assumed of expert popularity: none, which needs the most transfers. */
  public static final double NO_SKEW = 0;

  private static final Logger LOG = LoggerFactory.getLogger(EnginePlanner.class);
  private static final int PROBE_ROWS = 512;
  private static final double MEGA = 1e6;

  private final EngineConfig config;
  private final Checkpoint checkpoint;
  private final Device device;
  private final ExpertSource experts;

  private EnginePlanner(EngineConfig config) {
    this.config = config;
    this.checkpoint = Checkpoint.open(config.modelDirectory());
    try {
      this.device = EngineParts.openDevice(config);
    } catch (RuntimeException failure) {
      checkpoint.close();
      throw failure;
    }
    try {
      this.experts = config.storage().open(checkpoint, device);
    } catch (RuntimeException failure) {
      device.close();
      checkpoint.close();
      throw failure;
    }
  }

  /**
   * Opens a model and a device; loads nothing.
   *
   * @param config whose model, device, compute type, threads and transfers are planned for
   */
  public static EnginePlanner open(EngineConfig config) {
    return new EnginePlanner(config.onThisMachine());
  }

  /**
   * What the planner chooses for the workload of a configuration, within its device memory. Where
   * experts were long seen to come in at another rate than measured, it plans with that.
   *
   * @param measurements where what was measured of the machine is kept
   * @throws IllegalArgumentException if it has no workload, or no device memory of its own
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if no plan fits
   */
  static PlannedGroup resolve(EngineConfig config, Path measurements) {
    Workload workload = config.workload();
    MemorySize memory = config.deviceMemory();
    if (workload == null || memory == null || config.expertMemory() != null) {
      throw new IllegalArgumentException(
          "a planned group needs a workload and a hard total of device memory to split, and no size of the expert window; found workload %s, device memory %s, expert memory %s"
              .formatted(workload, memory, config.expertMemory()));
    }
    try (EnginePlanner planner = open(config)) {
      long budget = planner.bytes(memory);
      Machine machine = planner.seen(planner.machine(measurements, budget), measurements);
      GroupPlan plan = planner.planner(machine, workload, NO_SKEW, Integer.MAX_VALUE).solve(budget);
      LOG.info(
          "Planned for {}: {} sequences, steps of {} tokens, {} key/value blocks, {} of {} experts, {}",
          workload,
          plan.sequences(),
          plan.stepTokens(),
          plan.kvBlocks(),
          plan.memory().slots(),
          plan.memory().totalExperts(),
          plan.policy().policy());
      return new PlannedGroup(
          planner.apply(plan, budget), plan, machine, budget, planner.file(measurements));
    }
  }

  private Machine seen(Machine measured, Path measurements) {
    OptionalDouble rate = file(measurements).seenArrival();
    if (rate.isEmpty() || config.hostMemory() != null) {
      return measured;
    }
    LOG.info(
        "Planning with experts that come in at {} MB/s, as seen in earlier runs, not at {} as measured",
        Math.round(rate.getAsDouble() / MEGA),
        Math.round(measured.arrivalBytesPerSecond() / MEGA));
    return measured.arrivingAt(rate.getAsDouble());
  }

  /** The model's shape. */
  public ModelConfig model() {
    return checkpoint.config();
  }

  /** A size in bytes; a percentage is one of the fully resident total of the configuration. */
  public long bytes(MemorySize size) {
    MemoryPlan whole =
        EngineMemory.of(config.withMemory(null, null), model(), device, experts).plan();
    return size.of(whole.residentBytes());
  }

  /**
   * What the machine can do, measured now or read from where it was kept. The host tier counts as
   * filled, and as holding any expert that comes in with the same likelihood.
   *
   * @param directory where measurements are kept
   * @param budgetBytes most memory to measure in
   */
  public Machine machine(Path directory, long budgetBytes) {
    MachineFile file = file(directory);
    Optional<Machine> kept = file.read();
    if (kept.isPresent()) {
      return asConfigured(kept.get());
    }
    return measure(directory, budgetBytes);
  }

  /**
   * Measures the machine, in about three seconds, and keeps the result.
   *
   * @param directory where measurements are kept; if it cannot be written to, that is logged
   * @param budgetBytes most memory to measure in
   */
  public Machine measure(Path directory, long budgetBytes) {
    ProbeOptions options =
        new ProbeOptions(
            config.threads(),
            config.transfer().threads(),
            PROBE_ROWS,
            config.transfer().maxBytesPerSecond());
    Machine machine;
    try (MemoryBudget budget = MemoryBudget.root("machine probe", budgetBytes)) {
      machine = new MachineProbe(checkpoint, experts, device, options, budget).measure();
    }
    MachineFile file = file(directory);
    try {
      file.write(machine);
    } catch (IOException e) {
      LOG.warn("What was measured of the machine could not be kept in {}", file.path(), e);
    }
    return asConfigured(machine);
  }

  private Machine asConfigured(Machine machine) {
    return machine
        .paced(config.transfer().maxBytesPerSecond())
        .withHostTier((double) hostExperts() / model().totalExperts());
  }

  /** Experts that the host tier has room for; 0 if there is none. */
  public int hostExperts() {
    HostTierPlan tier = EngineMemory.hostTier(config, model(), device, experts);
    return tier == null ? 0 : tier.slots();
  }

  private MachineFile file(Path directory) {
    String validFor =
        String.join(
            "\n",
            "model " + checkpoint.digest(),
            "in " + config.modelDirectory().toAbsolutePath().normalize(),
            "experts from " + config.storage(),
            "device " + device.numericFingerprint(),
            "compute " + config.compute() + " with " + config.threads() + " threads",
            "transfers with " + config.transfer().threads() + " threads",
            "processor " + Processor.name() + ", " + cores() + " cores");
    return new MachineFile(directory, validFor);
  }

  private static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  /**
   * A planner for a workload, with all cache policies to choose from.
   *
   * @param skew of expert popularity, see {@link ExpertPopularity}
   * @param mostSequences most sequences of a group
   */
  public Planner planner(Machine machine, Workload workload, double skew, int mostSequences) {
    return planner(machine, workload, skew, mostSequences, CachePolicies.names());
  }

  /**
   * A planner for a workload.
   *
   * @param skew of expert popularity, see {@link ExpertPopularity}
   * @param mostSequences most sequences of a group
   * @param policies names of the cache policies to choose from; those that the planner has no model
   *     of ({@link WindowPolicy}) are never chosen
   */
  public Planner planner(
      Machine machine,
      Workload workload,
      double skew,
      int mostSequences,
      Collection<String> policies) {
    return planner(
        config, model(), device, experts, machine, workload, skew, mostSequences, policies);
  }

  /** A planner for an engine that is open, as {@link #resolve} planned it. */
  static Planner planner(
      PlannedGroup group, ModelConfig model, Device device, ExpertSource experts) {
    return planner(
        group.config(),
        model,
        device,
        experts,
        group.machine(),
        group.plan().workload(),
        NO_SKEW,
        Integer.MAX_VALUE,
        CachePolicies.names());
  }

  private static Planner planner(
      EngineConfig config,
      ModelConfig model,
      Device device,
      ExpertSource experts,
      Machine machine,
      Workload workload,
      double skew,
      int mostSequences,
      Collection<String> policies) {
    ExpertPopularity popularity =
        ExpertPopularity.of(model.moe().experts(), model.moe().expertsPerToken(), skew);
    StepModel steps =
        new StepModel(model, config.compute(), machine, popularity, config.threads(), cores());
    return new Planner(
        steps,
        new EngineLaw(config, model, device, experts),
        workload,
        Arrays.stream(WindowPolicy.values())
            .filter(policy -> policies.contains(policy.policy()))
            .toList(),
        mostSequences);
  }

  /** The configuration of an engine as planned. */
  public EngineConfig apply(GroupPlan plan, long budgetBytes) {
    return config
        .plannedFor(null)
        .withMemory(MemorySize.ofBytes(budgetBytes), null)
        .withKvTokens(plan.kvBlocks() * EngineMemory.KV_BLOCK_TOKENS)
        .withPolicy(plan.policy().policy())
        .withSchedule(PlannedGroup.schedule(plan, config.schedule()));
  }

  @Override
  public void close() {
    experts.close();
    device.close();
    checkpoint.close();
  }
}
