package dev.drey.runtime;

import dev.drey.runtime.checkpoint.ModelChecks;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.Serializable;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to open an engine. Serialisable, so that it can travel with a job.
 *
 * @param model directory in the Hugging Face layout
 * @param device {@code cpu}, {@code cuda}, {@code auto} or {@code reference}
 * @param deviceIndex which GPU, from 0, as the driver counts them; means nothing to other devices
 * @param compute activations' type
 * @param threads compute threads
 * @param deviceMemory hard total of everything the engine holds on the device; a percentage is
 *     taken of the fully resident total; null means what the other settings add up to
 * @param expertMemory the residency window alone; a percentage is taken of all experts' bytes; null
 *     means what {@code deviceMemory} leaves
 * @param kvTokens tokens the key/value pool can hold; 0 means enough for every sequence of the
 *     table at {@code kvTokensPerSequence}
 * @param predictor name of the predictor, {@code none} to prefetch nothing
 * @param policy name of the cache policy
 * @param schedule limits of the scheduler
 * @param transfer settings of the transfer engine
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
    int kvTokens,
    String predictor,
    String policy,
    ScheduleConfig schedule,
    TransferConfig transfer,
    ModelChecks checks,
    @Nullable String trace)
    implements Serializable {

  /** On the first GPU, without a trace, and without checks besides those that are always made. */
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
        kvTokens,
        predictor,
        policy,
        schedule,
        transfer,
        ModelChecks.NONE,
        null);
  }

  /** The same with a trace recorded to this file, or without if it is null. */
  public EngineConfig tracedTo(@Nullable String file) {
    return new EngineConfig(
        model,
        device,
        deviceIndex,
        compute,
        threads,
        deviceMemory,
        expertMemory,
        kvTokens,
        predictor,
        policy,
        schedule,
        transfer,
        checks,
        file);
  }

  /** The defaults for a model: cpu, bf16, all cores, everything resident, prefetch by next gate. */
  public static EngineConfig defaults(Path model) {
    return new EngineConfig(
        model.toString(),
        "cpu",
        ComputeType.BF16,
        Runtime.getRuntime().availableProcessors(),
        null,
        MemorySize.ofPercent(100),
        0,
        "gate.next-layer",
        "classic.lru",
        ScheduleConfig.DEFAULT,
        TransferConfig.DEFAULT);
  }

  /** The same with other checks. */
  public EngineConfig withChecks(ModelChecks newChecks) {
    return new EngineConfig(
        model,
        device,
        deviceIndex,
        compute,
        threads,
        deviceMemory,
        expertMemory,
        kvTokens,
        predictor,
        policy,
        schedule,
        transfer,
        newChecks,
        trace);
  }

  /** The same on another GPU. */
  public EngineConfig onGpu(int index) {
    return new EngineConfig(
        model,
        device,
        index,
        compute,
        threads,
        deviceMemory,
        expertMemory,
        kvTokens,
        predictor,
        policy,
        schedule,
        transfer,
        checks,
        trace);
  }

  /** The model's directory. */
  public Path modelDirectory() {
    return Path.of(model);
  }
}
