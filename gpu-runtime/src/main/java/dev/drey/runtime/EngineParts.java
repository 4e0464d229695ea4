package dev.drey.runtime;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.hosttier.HostTier;
import dev.drey.runtime.hosttier.HostTierPlan;
import dev.drey.runtime.hosttier.HostTierSource;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.hosttier.HostTiers;
import dev.drey.runtime.kvcache.KvPool;
import dev.drey.runtime.layers.Activations;
import dev.drey.runtime.layers.Decoder;
import dev.drey.runtime.layers.ModelWeights;
import dev.drey.runtime.layers.ShadowConfig;
import dev.drey.runtime.layers.ShadowModel;
import dev.drey.runtime.layers.WeightLoader;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.ResourceStack;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.LinkUse;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.PredictorInput;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.probe.MachineFile;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.schedule.Detokenizer;
import dev.drey.runtime.schedule.ModelLimits;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepSampler;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.tokenizer.Tokenizer;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceRecorder;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.trace.TraceStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds the parts of an engine in order of dependence and takes them down in reverse, also when
 * building stops half-way.
 */
final class EngineParts implements AutoCloseable {
  private final ResourceStack resources = new ResourceStack("the engine");
  private final EngineConfig config;
  private final @Nullable PlannedGroup group;
  private final Checkpoint checkpoint;
  private final @Nullable Tokenizer tokenizer;
  private final Optional<ChatTemplates> chatTemplates;
  private final Device device;
  private final @Nullable HostTierSource hostTier;
  private final ExpertSource experts;
  private final EngineMemory memory;
  private final MemoryBudget budget;
  private final ComputeStream stream;
  private final KvPool kv;
  private final @Nullable TraceRecorder recorder;
  private final ResidencyWindow window;
  private final ExpertPredictor predictor;
  private final @Nullable ShadowModel shadow;
  private final Decoder decoder;
  private final StepSampler sampler;

  private EngineParts(EngineConfig config, @Nullable PlannedGroup group, HostTiers hostTiers)
      throws IOException {
    this.config = config;
    this.group = group;
    try {
      checkpoint = own(Checkpoint.open(config.modelDirectory(), config.checks()));
      ModelConfig model = checkpoint.config();
      tokenizer = openTokenizer(model);
      chatTemplates = ChatTemplates.read(config.modelDirectory());
      device = own(openDevice(config));
      ExpertSource storage = own(config.storage().open(checkpoint, device));
      hostTier = openHostTier(storage, hostTiers);
      experts = hostTier == null ? storage : hostTier;
      memory = EngineMemory.of(config, model, device, experts);
      budget = own(MemoryBudget.root("device", memory.plan().totalBytes()));
      FixedMemory fixed = memory.plan().fixed();
      int maxRows = config.schedule().maxStepTokens();
      stream =
          own(
              device.newComputeStream(
                  own(budget.child("scratch", fixed.scratch())),
                  model.upTo(memory.contextTokens(model)),
                  maxRows));
      MemoryBudget staging = own(budget.child("staging", fixed.staging()));
      ModelWeights weights =
          own(
              WeightLoader.load(
                  checkpoint,
                  device,
                  own(budget.child("dense weights", fixed.dense())),
                  staging,
                  stream));
      kv = own(openKvPool(model, fixed));
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
      recorder = openTrace();
      window = own(openWindow(staging));
      predictor = usedPredictor(model);
      shadow = openShadow(weights);
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
              config.expertOrder(),
              predictor,
              trace(),
              maxRows,
              memory.contextTokens(model));
      sampler = own(new StepSampler(limits(), decoder.logitRows(), config.threads()));
    } catch (IOException | RuntimeException | Error failure) {
      resources.closeAfter(failure);
      throw failure;
    }
  }

  static EngineParts open(EngineConfig asked, HostTiers hostTiers) throws IOException {
    EngineConfig config = asked.onThisMachine();
    return config.workload() == null
        ? new EngineParts(config, null, hostTiers)
        : open(planned(config), hostTiers);
  }

  /** The parts of an engine that goes on planning. */
  static EngineParts open(PlannedGroup group, HostTiers hostTiers) throws IOException {
    return new EngineParts(group.config(), group, hostTiers);
  }

  /** How an engine would split its memory; reads the headers of the model's files alone. */
  static MemoryPlan plan(EngineConfig asked) {
    EngineConfig config =
        asked.workload() == null ? asked.onThisMachine() : planned(asked).config();
    try (Checkpoint checkpoint = Checkpoint.open(config.modelDirectory());
        Device device = openDevice(config);
        ExpertSource experts = config.storage().open(checkpoint, device)) {
      ModelConfig model = checkpoint.config();
      Predictors.named(
          config.predictor(), PredictorShape.of(model, checkpoint.digest()), config.prediction());
      EngineMemory.hostTier(config, model, device, experts);
      return EngineMemory.of(config, model, device, experts).plan();
    }
  }

  private static PlannedGroup planned(EngineConfig asked) {
    return EnginePlanner.resolve(asked, MachineFile.usualDirectory());
  }

  static Device openDevice(EngineConfig config) {
    return Devices.open(config.device(), config.deviceIndex(), config.compute(), config.threads());
  }

  private @Nullable HostTierSource openHostTier(ExpertSource storage, HostTiers hostTiers) {
    ModelConfig model = checkpoint.config();
    HostTierPlan plan = EngineMemory.hostTier(config, model, device, storage);
    if (plan == null) {
      return null;
    }
    HostTiers.Key key =
        new HostTiers.Key(
            checkpoint.digest(),
            config.modelDirectory().toAbsolutePath().normalize() + " " + config.storage(),
            device.weightFormat(model.expertShape()),
            plan.bytes());
    return own(hostTiers.acquire(
            key, () -> HostTier.open(plan, device.openHostMemory().orElseThrow())))
        .tier()
        .before(storage);
  }

  /** What came from host memory; null if no experts are kept there. */
  @Nullable HostTierStats hostTierStats() {
    return hostTier == null ? null : hostTier.stats();
  }

  private @Nullable Tokenizer openTokenizer(ModelConfig model) {
    if (!ModelDirectory.open(config.modelDirectory()).has("tokenizer.json")) {
      return null;
    }
    Tokenizer opened = own(Tokenizer.open(config.modelDirectory()));
    opened.requireWithin(model.vocabulary());
    return opened;
  }

  /** All of a budget, for memory that others allocate: the samplers' heap arrays. */
  private record Reservation(MemoryBudget budget) implements AutoCloseable {
    Reservation {
      budget.reserve(budget.limitBytes());
    }

    @Override
    public void close() {
      budget.release(budget.limitBytes());
    }
  }

  /** Where every expert has a slot of its own none is evicted, and nothing is left to predict. */
  private ExpertPredictor usedPredictor(ModelConfig model) {
    PredictorShape shape = PredictorShape.of(model, checkpoint.digest());
    ExpertPredictor chosen = Predictors.named(config.predictor(), shape, config.prediction());
    return memory.plan().slots() < model.totalExperts()
        ? chosen
        : Predictors.named("none", shape, config.prediction());
  }

  /** Only if the predictor reads what it says. */
  private @Nullable ShadowModel openShadow(ModelWeights weights) throws IOException {
    if (!predictor.reads().contains(PredictorInput.SHADOW)) {
      return null;
    }
    MemoryBudget ofShadow = own(budget.child("shadow model", memory.plan().fixed().shadow()));
    ShadowConfig ahead =
        EngineMemory.shadow(config, checkpoint.config(), memory.kvBlocks()).orElseThrow();
    return own(
        new ShadowModel(
            checkpoint, config.compute(), device, stream, weights, kv.store(), ahead, ofShadow));
  }

  private ResidencyWindow openWindow(MemoryBudget staging) {
    return ResidencyWindow.open(
        device,
        experts,
        checkpoint.config().expertShape(),
        memory.plan().slots(),
        own(budget.child("expert window", memory.plan().windowBytes())),
        staging,
        CachePolicies.named(config.policy(), cacheShape()),
        config.transfer(),
        trace());
  }

  /** A model with recurrent state keeps none for the end of a prefix: sequences share nothing. */
  private KvPool openKvPool(ModelConfig model, FixedMemory fixed) {
    KvStore store =
        device.newKvStore(own(budget.child("kv", fixed.kv())), memory.kvShape(), memory.kvBlocks());
    if (EngineMemory.delta(model) != null) {
      return new KvPool(store, config.schedule().maxSequences());
    }
    return config.schedule().prefixReuse() ? KvPool.sharing(store) : new KvPool(store);
  }

  private CacheShape cacheShape() {
    ModelConfig model = checkpoint.config();
    return new CacheShape(model.routedLayers(), model.moe().experts(), memory.plan().slots());
  }

  /** What happens from here on is told to it; closed after the window, so that it hears the end. */
  private @Nullable TraceRecorder openTrace() throws IOException {
    String file = config.trace();
    return file == null ? null : own(TraceRecorder.open(Path.of(file), traceHeader()));
  }

  private TraceHeader traceHeader() {
    ModelConfig model = checkpoint.config();
    return new TraceHeader(
        EngineVersion.read(),
        modelName(),
        checkpoint.digest(),
        config.compute().name().toLowerCase(Locale.ROOT),
        device.name(),
        model.layers(),
        model.moe().experts(),
        model.moe().expertsPerToken(),
        model.routedLayers(),
        memory.plan().slots(),
        memory.plan().slotBytes(),
        memory.plan().fixed().total(),
        experts.blocks(device.expertLayout(model.expertShape())).totalBytes(),
        config.policy(),
        config.predictor(),
        config.transfer().threads());
  }

  /** Whom to tell what happens. */
  TraceSink trace() {
    TraceRecorder open = recorder;
    return open == null ? TraceSink.NONE : open;
  }

  /** How the trace is getting on; null if none is recorded. */
  @Nullable TraceStats traceStats() {
    TraceRecorder open = recorder;
    return open == null ? null : open.stats();
  }

  private String modelName() {
    return String.valueOf(config.modelDirectory().toAbsolutePath().normalize().getFileName());
  }

  private @Nullable StateStore openStates(ModelConfig model, FixedMemory fixed) {
    GatedDeltaRule delta = EngineMemory.delta(model);
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

  EngineInfo info() {
    return new EngineInfo(
        EngineVersion.read(),
        checkpoint.config(),
        modelName(),
        checkpoint.digest(),
        checkpoint.generationDefaults(),
        config.compute(),
        device.numericFingerprint(),
        limits(),
        kv.capacityTokens(),
        memory.plan(),
        config.schedule());
  }

  private ModelLimits limits() {
    return new ModelLimits(
        checkpoint.config().vocabulary(),
        checkpoint.config().maxPositions(),
        Set.copyOf(checkpoint.generationDefaults().eosTokenIds()),
        checkpoint.config().embeddingLimits());
  }

  StepScheduler newScheduler() {
    return new StepScheduler(
        config.schedule(), limits(), kv, this::newDetokenizer, System::nanoTime);
  }

  /** What keeps the scheduler's limits at a plan; null if they are as set. */
  @Nullable LiveLimits newLiveLimits() {
    PlannedGroup planned = group;
    return planned == null
        ? null
        : new LiveLimits(
            planned,
            EnginePlanner.planner(planned, checkpoint.config(), device, experts),
            this::linkUse);
  }

  private LinkUse linkUse() {
    ResidencyStats residency = window.stats();
    return new LinkUse(residency.bytesMoved(), residency.busyNanos(), residency.stallNanos());
  }

  private Detokenizer newDetokenizer() {
    Tokenizer present = tokenizer;
    return present == null ? Detokenizer.none() : Detokenizer.of(present);
  }

  StepSampler sampler() {
    return sampler;
  }

  Step newStep() {
    return new Step(config.schedule().maxStepTokens());
  }

  Optional<ChatTemplates> chatTemplates() {
    return chatTemplates;
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

  /** Runs every step ahead of the layers; null if nobody asks what it says. */
  @Nullable ShadowModel shadow() {
    return shadow;
  }

  /** Belongs to the thread that runs steps. */
  ExpertPredictor predictor() {
    return predictor;
  }

  private <T extends AutoCloseable> T own(T part) {
    return resources.own(part);
  }

  @Override
  public void close() {
    resources.close();
  }
}
