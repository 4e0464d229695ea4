package dev.drey.runtime;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTierPlan;
import dev.drey.runtime.layers.Activations;
import dev.drey.runtime.layers.ShadowConfig;
import dev.drey.runtime.layers.WeightLoader;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.predict.ShadowWeights;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.StepSampler;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of everything an engine will allocate, from shapes alone: known before a weight is read
 * or a byte allocated.
 *
 * @param kvShape shape of the key/value pool's blocks
 * @param kvBlocks how many there are
 * @param plan the split of the memory
 */
record EngineMemory(KvShape kvShape, int kvBlocks, MemoryPlan plan) {
  /** Tokens per key/value block; also the number of keys attention takes at a time. */
  static final int KV_BLOCK_TOKENS = 64;

  private static final int DEFAULT_KV_TOKENS_PER_SEQUENCE = 256;
  private static final int DEFAULT_CONTEXT_TOKENS = 4096;

  /**
   * Sizes an engine.
   *
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if the memory asked for is too small
   */
  static EngineMemory of(
      EngineConfig config, ModelConfig model, Device device, ExpertSource experts) {
    int kvBlocks = kvBlocks(config, model);
    MemoryPlan plan =
        MemoryPlan.solve(
            fixed(config, model, device, experts, kvBlocks),
            device.expertLayout(model.expertShape()).bytes(),
            model.totalExperts(),
            ResidencyWindow.MIN_SLOTS,
            config.deviceMemory(),
            config.expertMemory());
    return new EngineMemory(kvShape(model), kvBlocks, plan);
  }

  /**
   * Sizes the host tier; null if none is asked for.
   *
   * @param experts the source below it
   * @throws IllegalArgumentException if the device has no use for one
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if not one expert fits
   */
  static @Nullable HostTierPlan hostTier(
      EngineConfig config, ModelConfig model, Device device, ExpertSource experts) {
    MemorySize limit = config.hostMemory();
    if (limit == null) {
      return null;
    }
    if (device.sharesHostMemory()) {
      throw new IllegalArgumentException(
          "host memory of %s is set to keep experts in, but the device is '%s', which computes in the host's memory itself; leave drey.memory.host unset and give it to drey.memory.device or drey.memory.expert"
              .formatted(limit, device.name()));
    }
    return HostTierPlan.of(
        experts, device.expertLayout(model.expertShape()), model.totalExperts(), limit);
  }

  /** Everything but the expert slots. */
  static FixedMemory fixed(
      EngineConfig config, ModelConfig model, Device device, ExpertSource experts, int kvBlocks) {
    int maxRows = config.schedule().maxStepTokens();
    long staging =
        Math.max(
            WeightLoader.stagingBytes(model, device),
            ResidencyWindow.stagingBytes(device, experts, model.expertShape(), config.transfer()));
    return new FixedMemory(
        WeightLoader.denseBytes(model, device),
        device.kvStoreBytes(kvShape(model), kvBlocks),
        stateBytes(config, model, device),
        staging,
        Activations.bytes(model, config.compute(), maxRows),
        device.computeStreamBytes(model.upTo(contextTokens(model, kvBlocks)), maxRows),
        StepSampler.scratchBytes(model.vocabulary(), config.threads()),
        shadowBytes(config, model, device, kvBlocks));
  }

  /** How a shadow model is run; empty if the predictor needs none. */
  static Optional<ShadowConfig> shadow(EngineConfig config, ModelConfig model, int kvBlocks) {
    return ShadowWeights.of(config.predictor())
        .map(
            weights ->
                new ShadowConfig(
                    weights,
                    config.prediction().alignment(),
                    config.schedule().maxSequences(),
                    contextTokens(model, kvBlocks),
                    config.transfer()));
  }

  /**
   * Bytes of a shadow model; 0 if the predictor needs none.
   *
   * @throws dev.drey.runtime.predict.PredictorRefusedException if it needs one that the model
   *     cannot have
   */
  static long shadowBytes(EngineConfig config, ModelConfig model, Device device, int kvBlocks) {
    return shadow(config, model, kvBlocks)
        .map(ahead -> ahead.bytes(model, config.compute(), device, kvShape(model), kvBlocks))
        .orElse(0L);
  }

  /** The shape that all layers with keys and values have in common. */
  static KvShape kvShape(ModelConfig model) {
    AttentionConfig any =
        model.decoder().stream()
            .map(LayerConfig::attention)
            .filter(attention -> attention.kvHeads() > 0)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no layer keeps keys and values"));
    return new KvShape(
        model.kvLayers(), any.kvHeads(), any.keyDim(), any.valueDim(), KV_BLOCK_TOKENS);
  }

  private static int kvBlocks(EngineConfig config, ModelConfig model) {
    int tokens = config.kvTokens();
    if (tokens == 0) {
      ScheduleConfig schedule = config.schedule();
      tokens = schedule.maxSequences() * DEFAULT_KV_TOKENS_PER_SEQUENCE;
      return Math.max(leastKvBlocks(model), blocks(tokens));
    }
    return blocks(tokens);
  }

  /** Blocks for one sequence as long as the model supports, or as most are if that is less. */
  static int leastKvBlocks(ModelConfig model) {
    return blocks(Math.min(model.maxPositions(), DEFAULT_CONTEXT_TOKENS));
  }

  private static int blocks(int tokens) {
    return (tokens + KV_BLOCK_TOKENS - 1) / KV_BLOCK_TOKENS;
  }

  static long stateBytes(EngineConfig config, ModelConfig model, Device device) {
    GatedDeltaRule delta = delta(model);
    return delta == null
        ? 0
        : device.stateStoreBytes(
            model.layers() - model.kvLayers(),
            config.schedule().maxSequences(),
            delta.stateNumbers());
  }

  /** The model's linear attention, which all layers that have it share; null if none has. */
  static @Nullable GatedDeltaRule delta(ModelConfig model) {
    for (LayerConfig layer : model.decoder()) {
      if (layer.attention() instanceof GatedDeltaRule delta) {
        return delta;
      }
    }
    return null;
  }

  /** Positions that can occur: a sequence is never longer than the pool. */
  int contextTokens(ModelConfig model) {
    return contextTokens(model, kvBlocks);
  }

  private static int contextTokens(ModelConfig model, int kvBlocks) {
    return Math.min(model.maxPositions(), kvBlocks * KV_BLOCK_TOKENS);
  }
}
