package dev.drey.runtime;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.expertstore.ExpertStore;
import dev.drey.runtime.kvcache.KvPool;
import dev.drey.runtime.layers.Activations;
import dev.drey.runtime.layers.Decoder;
import dev.drey.runtime.layers.ModelWeights;
import dev.drey.runtime.layers.WeightLoader;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.sampling.Sampler;
import dev.drey.runtime.schedule.Detokenizer;
import dev.drey.runtime.schedule.ModelLimits;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepSampler;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds the parts of an engine in order of dependence and takes them down in reverse, also when
 * building stops half-way.
 */
final class EngineParts implements AutoCloseable {
  /** Tokens per key/value block; also the number of keys attention takes at a time. */
  static final int KV_BLOCK_TOKENS = 64;

  private static final int DEFAULT_KV_TOKENS_PER_SEQUENCE = 256;
  private static final int DEFAULT_CONTEXT_TOKENS = 4096;

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final EngineConfig config;
  private final Checkpoint checkpoint;
  private final @Nullable Tokenizer tokenizer;
  private final Device device;
  private final ExpertStore experts;
  private final KvShape kvShape;
  private final int kvBlocks;
  private final MemoryPlan plan;
  private final MemoryBudget budget;
  private final ComputeStream stream;
  private final KvPool kv;
  private final ResidencyWindow window;
  private final Decoder decoder;

  private EngineParts(EngineConfig config) throws IOException {
    this.config = config;
    try {
      checkpoint = own(Checkpoint.open(config.modelDirectory(), config.checks()));
      ModelConfig model = checkpoint.config();
      experts = ExpertStore.open(checkpoint);
      tokenizer = openTokenizer(model);
      device = own(Devices.open(config.device(), config.compute(), config.threads()));
      kvShape = kvShape(model);
      kvBlocks = kvBlocks(model);
      plan = plan(model);
      budget = own(MemoryBudget.root("device", plan.totalBytes()));
      FixedMemory fixed = plan.fixed();
      int maxRows = config.schedule().maxStepTokens();
      stream =
          own(
              device.newComputeStream(
                  own(budget.child("scratch", fixed.scratch())), model, maxRows));
      MemoryBudget staging = own(budget.child("staging", fixed.staging()));
      ModelWeights weights =
          own(
              WeightLoader.load(
                  checkpoint,
                  device,
                  own(budget.child("dense weights", fixed.dense())),
                  staging,
                  stream));
      kv =
          own(
              new KvPool(
                  device.newKvStore(own(budget.child("kv", fixed.kv())), kvShape, kvBlocks),
                  delta(model) == null ? 0 : config.schedule().maxSequences()));
      StateStore states = openStates(model, fixed);
      Activations activations =
          own(
              new Activations(
                  device,
                  own(budget.child("activations", fixed.activations())),
                  model,
                  config.compute(),
                  maxRows,
                  stream));
      own(new Reservation(own(budget.child("sampling", fixed.sampling()))));
      window = own(openWindow(staging));
      decoder =
          new Decoder(
              model,
              config.compute(),
              stream,
              weights,
              activations,
              kv.store(),
              states,
              window,
              Predictors.named(config.predictor(), model.moe().experts()),
              maxRows,
              contextTokens());
    } catch (IOException | RuntimeException | Error failure) {
      closeAfter(failure);
      throw failure;
    }
  }

  static EngineParts open(EngineConfig config) throws IOException {
    return new EngineParts(config);
  }

  private @Nullable Tokenizer openTokenizer(ModelConfig model) {
    if (!ModelDirectory.open(config.modelDirectory()).has("tokenizer.json")) {
      return null;
    }
    Tokenizer opened = own(Tokenizer.open(config.modelDirectory()));
    opened.requireWithin(model.vocabulary());
    return opened;
  }

  /** All of a budget, for memory that others allocate: the sampler's heap arrays. */
  private record Reservation(MemoryBudget budget) implements AutoCloseable {
    Reservation {
      budget.reserve(budget.limitBytes());
    }

    @Override
    public void close() {
      budget.release(budget.limitBytes());
    }
  }

  private ResidencyWindow openWindow(MemoryBudget staging) {
    return ResidencyWindow.open(
        device,
        experts,
        checkpoint.config().expertShape(),
        plan.slots(),
        own(budget.child("expert window", plan.windowBytes())),
        staging,
        CachePolicies.named(config.policy()),
        config.transfer());
  }

  /** The shape that all layers with keys and values have in common. */
  private static KvShape kvShape(ModelConfig model) {
    AttentionConfig any =
        model.decoder().stream()
            .map(LayerConfig::attention)
            .filter(attention -> attention.kvHeads() > 0)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no layer keeps keys and values"));
    return new KvShape(
        model.kvLayers(), any.kvHeads(), any.keyDim(), any.valueDim(), KV_BLOCK_TOKENS);
  }

  /** The model's linear attention, which all layers that have it share; null if none has. */
  private static @Nullable GatedDeltaRule delta(ModelConfig model) {
    for (LayerConfig layer : model.decoder()) {
      if (layer.attention() instanceof GatedDeltaRule delta) {
        return delta;
      }
    }
    return null;
  }

  private @Nullable StateStore openStates(ModelConfig model, FixedMemory fixed) {
    GatedDeltaRule delta = delta(model);
    if (delta == null) {
      return null;
    }
    return own(
        device.newStateStore(
            own(budget.child("recurrent state", fixed.states())),
            model.layers() - model.kvLayers(),
            config.schedule().maxSequences(),
            delta.stateNumbers()));
  }

  private long stateBytes(ModelConfig model) {
    GatedDeltaRule delta = delta(model);
    return delta == null
        ? 0
        : device.stateStoreBytes(
            model.layers() - model.kvLayers(),
            config.schedule().maxSequences(),
            delta.stateNumbers());
  }

  private MemoryPlan plan(ModelConfig model) {
    int maxRows = config.schedule().maxStepTokens();
    long staging =
        Math.max(
            WeightLoader.stagingBytes(model, device),
            ResidencyWindow.stagingBytes(device, experts, model.expertShape(), config.transfer()));
    FixedMemory fixed =
        new FixedMemory(
            WeightLoader.denseBytes(model, device),
            device.kvStoreBytes(kvShape, kvBlocks),
            stateBytes(model),
            staging,
            Activations.bytes(model, config.compute(), maxRows),
            device.computeStreamBytes(model, maxRows),
            Sampler.scratchBytes(model.vocabulary()));
    return MemoryPlan.solve(
        fixed,
        device.expertLayout(model.expertShape()).bytes(),
        model.totalExperts(),
        ResidencyWindow.MIN_SLOTS,
        config.deviceMemory(),
        config.expertMemory());
  }

  private int kvBlocks(ModelConfig model) {
    int tokens = config.kvTokens();
    if (tokens == 0) {
      ScheduleConfig schedule = config.schedule();
      tokens =
          Math.max(
              Math.min(model.maxPositions(), DEFAULT_CONTEXT_TOKENS),
              schedule.maxSequences() * DEFAULT_KV_TOKENS_PER_SEQUENCE);
    }
    return (tokens + KV_BLOCK_TOKENS - 1) / KV_BLOCK_TOKENS;
  }

  /** Positions that can occur: a sequence is never longer than the pool. */
  private int contextTokens() {
    return Math.min(checkpoint.config().maxPositions(), kvBlocks * KV_BLOCK_TOKENS);
  }

  EngineInfo info() {
    return new EngineInfo(
        EngineVersion.read(),
        checkpoint.config(),
        String.valueOf(config.modelDirectory().toAbsolutePath().normalize().getFileName()),
        checkpoint.digest(),
        checkpoint.generationDefaults(),
        config.compute(),
        device.numericFingerprint(),
        limits(),
        kv.capacityTokens(),
        plan);
  }

  private ModelLimits limits() {
    return new ModelLimits(
        checkpoint.config().vocabulary(),
        checkpoint.config().maxPositions(),
        Set.copyOf(checkpoint.generationDefaults().eosTokenIds()));
  }

  StepScheduler newScheduler() {
    return new StepScheduler(
        config.schedule(), limits(), kv, this::newDetokenizer, System::nanoTime);
  }

  private Detokenizer newDetokenizer() {
    Tokenizer present = tokenizer;
    return present == null ? Detokenizer.none() : Detokenizer.of(present);
  }

  StepSampler newSampler() {
    return new StepSampler(limits(), decoder.logitRows());
  }

  Step newStep() {
    return new Step(config.schedule().maxStepTokens());
  }

  Optional<Tokenizer> tokenizer() {
    return Optional.ofNullable(tokenizer);
  }

  MemoryBudget budget() {
    return budget;
  }

  ComputeStream stream() {
    return stream;
  }

  ResidencyWindow window() {
    return window;
  }

  KvPool kv() {
    return kv;
  }

  Decoder decoder() {
    return decoder;
  }

  private <T extends AutoCloseable> T own(T part) {
    owned.push(part);
    return part;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception problem) {
        if (failure == null) {
          failure = new IllegalStateException("the engine did not close cleanly", problem);
        } else {
          failure.addSuppressed(problem);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void closeAfter(Throwable cause) {
    try {
      close();
    } catch (RuntimeException problem) {
      cause.addSuppressed(problem);
    }
  }
}
