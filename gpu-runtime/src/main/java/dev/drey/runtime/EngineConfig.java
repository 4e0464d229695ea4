package dev.drey.runtime;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.ModelChecks;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.layers.ExpertOrder;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.Workload;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How to open an engine. Serialisable, so that it can travel with a job.
 *
 * @param model directory in the Hugging Face layout
 * @param device {@code cpu}, {@code cuda}, {@code auto} or {@code reference}
 * @param deviceIndex which GPU, from 0, as the driver counts them; means nothing to other devices
 * @param compute activations' type
 * @param threads compute threads; 0 for one per core of the machine that opens the engine
 * @param deviceMemory hard total of everything the engine holds on the device; a percentage is
 *     taken of the fully resident total; null means what the other settings add up to
 * @param expertMemory the residency window alone; a percentage is taken of all experts' bytes; null
 *     means what {@code deviceMemory} leaves
 * @param hostMemory experts kept in host memory between storage and the device, shared by the
 *     engines of the process; a percentage is taken of what all experts take there; null for none
 * @param kvTokens tokens the key/value pool can hold; 0 means 256 for every sequence of the table,
 *     and at least one sequence of usual length
 * @param predictor name of the predictor, {@code none} to prefetch nothing
 * @param policy name of the cache policy
 * @param schedule limits of the scheduler
 * @param transfer settings of the transfer engine
 * @param workload what records are like, for the engine to plan its group, step and pool sizes and
 *     its cache policy itself within {@code deviceMemory}, in place of those set here; null: as set
 * @param storage where experts are read from
 * @param prediction settings of the predictor
 * @param expertOrder when a layer's experts are computed; other than {@code ARRIVAL} for
 *     measurements alone
 * @param checks of the model's files, besides those that are always made
 * @param trace file that what happens is recorded to; null for none
 */
public record EngineConfig(
    String model,
    String device,
    int deviceIndex,
    ComputeType compute,
    int threads,
    @Nullable MemorySize deviceMemory,
    @Nullable MemorySize expertMemory,
    @Nullable MemorySize hostMemory,
    int kvTokens,
    String predictor,
    String policy,
    ScheduleConfig schedule,
    TransferConfig transfer,
    @Nullable Workload workload,
    ExpertStorage storage,
    PredictorOptions prediction,
    ExpertOrder expertOrder,
    ModelChecks checks,
    @Nullable String trace)
    implements Serializable {
  /** As many compute threads as the machine has cores that opens the engine. */
  public static final int ONE_PER_CORE = 0;

  /**
   * As set, on the first GPU: nothing is planned, nothing recorded, no checks besides those that
   * are always made, experts from the checkpoint, not kept in host memory and computed as they
   * arrive, the predictor's own choices.
   */
  public EngineConfig(
      String model,
      String device,
      ComputeType compute,
      int threads,
      @Nullable MemorySize deviceMemory,
      @Nullable MemorySize expertMemory,
      int kvTokens,
      String predictor,
      String policy,
      ScheduleConfig schedule,
      TransferConfig transfer) {
    this(
        model,
        device,
        0,
        compute,
        threads,
        deviceMemory,
        expertMemory,
        null,
        kvTokens,
        predictor,
        policy,
        schedule,
        transfer,
        null,
        ExpertStorage.CHECKPOINT,
        PredictorOptions.DEFAULT,
        ExpertOrder.ARRIVAL,
        ModelChecks.NONE,
        null);
  }

  /** The defaults for a model: cpu, bf16, all cores, everything resident, prefetch by next gate. */
  public static EngineConfig defaults(Path model) {
    return new EngineConfig(
        model.toString(),
        "cpu",
        ComputeType.BF16,
        ONE_PER_CORE,
        null,
        MemorySize.ofPercent(100),
        0,
        "gate.next-layer",
        CachePolicies.DEFAULT,
        ScheduleConfig.DEFAULT,
        TransferConfig.DEFAULT);
  }

  /** The same with another schedule. */
  public EngineConfig withSchedule(ScheduleConfig schedule) {
    return with(fields -> fields.schedule = schedule);
  }

  /** The same with other limits of memory. */
  EngineConfig withMemory(@Nullable MemorySize ofDevice, @Nullable MemorySize ofExperts) {
    return with(
        fields -> {
          fields.deviceMemory = ofDevice;
          fields.expertMemory = ofExperts;
        });
  }

  /** The same with experts kept in so much host memory, or in none if it is null. */
  public EngineConfig withHostMemory(@Nullable MemorySize size) {
    return with(fields -> fields.hostMemory = size);
  }

  /** The same with another cache policy. */
  EngineConfig withPolicy(String name) {
    return with(fields -> fields.policy = name);
  }

  /** The same with a key/value pool for so many tokens. */
  EngineConfig withKvTokens(int tokens) {
    return with(fields -> fields.kvTokens = tokens);
  }

  /** The same, to be planned by the engine for records like these; as set if they are null. */
  public EngineConfig plannedFor(@Nullable Workload records) {
    return with(fields -> fields.workload = records);
  }

  /** The same with experts from elsewhere. */
  public EngineConfig withStorage(ExpertStorage storage) {
    return with(fields -> fields.storage = storage);
  }

  /** The same with other checks. */
  public EngineConfig withChecks(ModelChecks checks) {
    return with(fields -> fields.checks = checks);
  }

  /** The same with a trace recorded to this file, or without if it is null. */
  public EngineConfig tracedTo(@Nullable String file) {
    return with(fields -> fields.trace = file);
  }

  /** The same with other settings of the predictor. */
  public EngineConfig withPrediction(PredictorOptions prediction) {
    return with(fields -> fields.prediction = prediction);
  }

  /** The same with experts computed in another order. */
  public EngineConfig withExpertOrder(ExpertOrder order) {
    return with(fields -> fields.expertOrder = order);
  }

  /** The same on another GPU. */
  public EngineConfig onGpu(int index) {
    return with(fields -> fields.deviceIndex = index);
  }

  /**
   * The same with the number of threads that it comes to on this machine: for whoever opens an
   * engine, as the one who wrote the configuration may have done so elsewhere.
   */
  public EngineConfig onThisMachine() {
    return threads == ONE_PER_CORE
        ? with(fields -> fields.threads = Runtime.getRuntime().availableProcessors())
        : this;
  }

  /** The model's directory. */
  public Path modelDirectory() {
    return Path.of(model);
  }

  private EngineConfig with(Consumer<Fields> change) {
    Fields fields = new Fields(this);
    change.accept(fields);
    return new EngineConfig(
        model,
        device,
        fields.deviceIndex,
        compute,
        fields.threads,
        fields.deviceMemory,
        fields.expertMemory,
        fields.hostMemory,
        fields.kvTokens,
        predictor,
        fields.policy,
        fields.schedule,
        transfer,
        fields.workload,
        fields.storage,
        fields.prediction,
        fields.expertOrder,
        fields.checks,
        fields.trace);
  }

  /** What a copy may have otherwise. */
  private static final class Fields {
    private int deviceIndex;
    private int threads;
    private @Nullable MemorySize deviceMemory;
    private @Nullable MemorySize expertMemory;
    private @Nullable MemorySize hostMemory;
    private int kvTokens;
    private String policy;
    private ScheduleConfig schedule;
    private @Nullable Workload workload;
    private ExpertStorage storage;
    private PredictorOptions prediction;
    private ExpertOrder expertOrder;
    private ModelChecks checks;
    private @Nullable String trace;

    Fields(EngineConfig from) {
      deviceIndex = from.deviceIndex;
      threads = from.threads;
      deviceMemory = from.deviceMemory;
      expertMemory = from.expertMemory;
      hostMemory = from.hostMemory;
      kvTokens = from.kvTokens;
      policy = from.policy;
      schedule = from.schedule;
      workload = from.workload;
      storage = from.storage;
      prediction = from.prediction;
      expertOrder = from.expertOrder;
      checks = from.checks;
      trace = from.trace;
    }
  }
}
