package dev.drey.runtime;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.MemoryLaw;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.schedule.ScheduleConfig;
import java.util.HashMap;
import java.util.Map;

/** What the engine of a model allocates, for the planner: the same sums that opening it makes. */
final class EngineLaw implements MemoryLaw {
  private final EngineConfig config;
  private final ModelConfig model;
  private final Device device;
  private final ExpertSource experts;
  private final Map<Integer, FixedMemory> byStepTokens = new HashMap<>();

  EngineLaw(EngineConfig config, ModelConfig model, Device device, ExpertSource experts) {
    this.config = config;
    this.model = model;
    this.device = device;
    this.experts = experts;
  }

  @Override
  public FixedMemory fixed(int sequences, int stepTokens, int kvBlocks) {
    FixedMemory any =
        byStepTokens.computeIfAbsent(
            stepTokens, rows -> EngineMemory.fixed(with(1, rows), model, device, experts, 1));
    return new FixedMemory(
        any.dense(),
        device.kvStoreBytes(EngineMemory.kvShape(model), kvBlocks),
        EngineMemory.stateBytes(with(sequences, stepTokens), model, device),
        any.staging(),
        any.activations(),
        any.scratch(),
        any.sampling(),
        EngineMemory.shadowBytes(with(sequences, stepTokens), model, device, kvBlocks));
  }

  private EngineConfig with(int sequences, int stepTokens) {
    ScheduleConfig schedule = config.schedule();
    return config.withSchedule(
        new ScheduleConfig(
            sequences,
            sequences,
            stepTokens,
            stepTokens,
            schedule.stepNanos(),
            schedule.prefixReuse()));
  }

  @Override
  public long slotBytes() {
    return device.expertLayout(model.expertShape()).bytes();
  }

  @Override
  public int totalExperts() {
    return model.totalExperts();
  }

  @Override
  public int leastSlots() {
    return ResidencyWindow.MIN_SLOTS;
  }

  @Override
  public int blockTokens() {
    return EngineMemory.KV_BLOCK_TOKENS;
  }

  @Override
  public int leastKvBlocks() {
    return EngineMemory.leastKvBlocks(model);
  }
}
