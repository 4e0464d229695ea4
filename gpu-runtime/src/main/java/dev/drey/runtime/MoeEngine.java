package dev.drey.runtime;

import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.device.DeviceLostError;
import dev.drey.runtime.hosttier.HostTiers;
import dev.drey.runtime.kvcache.KvPool;
import dev.drey.runtime.layers.Decoder;
import dev.drey.runtime.layers.ShadowModel;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepSampler;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded model and everything needed to run it in one task slot: the front door of the runtime.
 *
 * <p><b>A step.</b> {@code scheduler.plan(step)}, then {@link #embed}, then {@link #runLayers} from
 * layer 0 to {@link #layers()} in as many calls as there are stages, then {@link #sample}, then
 * {@code scheduler.complete(step)}. {@link DecodeLoop} does just that.
 *
 * <p><b>Ownership.</b> The engine owns device, weights, key/value pool, residency window and
 * budget. Closing it closes all of them and checks that no byte is left.
 *
 * <p><b>Threading.</b> Steps belong to one thread at a time. {@link #prefetch}, {@link #stats()}
 * and the progress getters may be called from any thread.
 *
 * <p><b>Failure.</b> An exception out of a step, other than a cancellation, leaves the engine
 * {@link #failed()}: it must be closed and opened again. A {@link DeviceLostError}, on whichever
 * thread the loss was met, comes out as itself: the process has to end.
 */
public final class MoeEngine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MoeEngine.class);
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final long openedAt;
  private final EngineParts parts;
  private final EngineInfo info;
  private final Decoder decoder;
  private final StepSampler sampler;
  private final StepTrace trace;
  private final @Nullable LiveLimits limits;
  private @Nullable StepScheduler scheduler;
  private long steps;
  private long rows;
  private long stepNanos;
  private long stepStart;
  private long firstStepStart;
  private long lastStepEnd;
  private volatile long currentStep = -1;
  private volatile int currentLayer = -1;
  private volatile boolean failed;

  private MoeEngine(long openedAt, EngineParts parts) {
    this.openedAt = openedAt;
    this.parts = parts;
    this.info = parts.info();
    this.decoder = parts.decoder();
    this.sampler = parts.sampler();
    this.trace = new StepTrace(parts.trace(), parts.predictor()::sequenceEnded);
    this.limits = parts.newLiveLimits();
  }

  /**
   * Opens a model, with a host tier of its own if it has one.
   *
   * @throws IOException if a file cannot be read
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file is damaged or not supported
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if the memory asked for is too small
   * @throws dev.drey.runtime.predict.PredictorRefusedException if the predictor cannot be used
   */
  public static MoeEngine open(EngineConfig config) throws IOException {
    return open(config, new HostTiers());
  }

  /**
   * Opens a model.
   *
   * @param hostTiers the host tiers that it shares with other engines
   * @throws IOException if a file cannot be read
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file is damaged or not supported
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if the memory asked for is too small
   */
  public static MoeEngine open(EngineConfig config, HostTiers hostTiers) throws IOException {
    long start = System.nanoTime();
    return new MoeEngine(start, EngineParts.open(config, hostTiers));
  }

  /** Opens a model as planned, to go on planning. */
  static MoeEngine open(PlannedGroup group) throws IOException {
    long start = System.nanoTime();
    return new MoeEngine(start, EngineParts.open(group, new HostTiers()));
  }

  /**
   * How {@link #open} would split the memory. Reads the headers of the model's files, no weights,
   * and allocates nothing that lasts, so that a job can be refused before it is submitted.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file is damaged or not supported
   * @throws dev.drey.runtime.plan.InsufficientMemoryException if the memory asked for is too small;
   *     it names what would do
   * @throws dev.drey.runtime.predict.PredictorRefusedException if the predictor cannot be used
   * @throws IllegalStateException if the device cannot be used on this machine
   */
  public static MemoryPlan plan(EngineConfig config) {
    return EngineParts.plan(config);
  }

  /** What this engine is. */
  public EngineInfo info() {
    return info;
  }

  /**
   * The model's tokenizer; thread-safe. Absent if the directory has no {@code tokenizer.json}:
   * token ids go in and come out then, without text.
   */
  public Optional<Tokenizer> tokenizer() {
    return parts.tokenizer();
  }

  /** How conversations become prompts; absent if the model has no chat template. */
  public Optional<ChatTemplates> chatTemplates() {
    return parts.chatTemplates();
  }

  /** The budget tree, for reports. */
  public MemoryBudget budget() {
    return parts.budget();
  }

  /** Number of decoder layers. */
  public int layers() {
    return info.model().layers();
  }

  /**
   * Starts with an empty table. A scheduler made before is closed, so that a restarted job finds
   * all key/value blocks free.
   */
  public StepScheduler newScheduler() {
    if (scheduler != null) {
      scheduler.close();
    }
    scheduler = parts.newScheduler();
    if (limits != null) {
      limits.apply(scheduler);
    }
    return scheduler;
  }

  /** A step to be planned and run, over and over. */
  public Step newStep() {
    return parts.newStep();
  }

  /** Begins a planned step: looks its tokens up. */
  public void embed(Step step) {
    stepStart = System.nanoTime();
    if (steps == 0) {
      firstStepStart = stepStart;
      lastStepEnd = stepStart;
    }
    StepBatch batch = step.batch();
    currentLayer = -1; // first, so that nothing predicted for the step counts as passed
    currentStep = batch.step();
    trace.began(step);
    guarded(() -> decoder.embed(batch));
  }

  /**
   * Runs layers {@code from} to {@code to - 1}. Before layer 0 the predictor is told of the step.
   *
   * @param sink receives predictions for later layers as they are made
   * @throws CancellationException if {@link #cancelWhen}'s question was answered with yes
   */
  public void runLayers(Step step, int from, int to, Consumer<Prediction> sink) {
    guarded(
        () -> {
          if (from == 0) {
            begin(trace.rows(), step.batch(), sink);
          }
          for (int layer = from; layer < to; layer++) {
            currentLayer = layer;
            decoder.layer(layer, step.batch(), sink);
          }
        });
  }

  /** Tells the predictor of a step, after a shadow model, if it reads one, has run it. */
  void begin(StepRows rows, StepBatch batch, Consumer<Prediction> sink) {
    ShadowModel shadow = parts.shadow();
    if (shadow != null) {
      shadow.run(rows, batch);
    }
    decoder.begin(rows, sink);
  }

  /** Ends a step whose layers have all run: chooses the next token of each sequence that asked. */
  public void sample(Step step) {
    StepBatch batch = step.batch();
    guarded(() -> sampler.sample(step, (from, count) -> decoder.logits(batch, from, count)));
    trace.ended(step);
    steps++;
    rows += batch.rows();
    lastStepEnd = System.nanoTime();
    stepNanos += lastStepEnd - stepStart;
    if (limits != null && scheduler != null) {
      limits.observe(step, lastStepEnd - stepStart, scheduler);
    }
    if (steps == 1) {
      LOG.info(
          "First step, of {} tokens: began {} ms after the engine began to open, took {} ms",
          rows,
          (stepStart - openedAt) / NANOS_PER_MILLI,
          stepNanos / NANOS_PER_MILLI);
    }
  }

  private void guarded(Runnable work) {
    try {
      work.run();
    } catch (CancellationException cancelled) {
      throw cancelled;
    } catch (RuntimeException | Error failure) {
      failed = true;
      DeviceLostError lost = DeviceLostError.in(failure);
      if (lost != null) {
        throw lost;
      }
      throw failure;
    }
  }

  /**
   * Installs a question asked between pieces of work; once it is answered with yes, the step ends
   * with a {@link CancellationException}.
   */
  public void cancelWhen(BooleanSupplier cancelled) {
    parts.stream().cancelWhen(cancelled);
    parts.window().cancelWhen(cancelled);
    ShadowModel shadow = parts.shadow();
    if (shadow != null) {
      shadow.cancelWhen(cancelled);
    }
  }

  /**
   * Offers a prediction to the residency window; never blocks. Any thread.
   *
   * @return how many of its experts are there or will be loaded; the others came too late or found
   *     no room, or their layer has no experts
   */
  public int prefetch(Prediction prediction) {
    int layer = prediction.layer();
    boolean routed = layer >= 0 && layer < layers() && info.model().isMoe(layer);
    return routed ? parts.window().offer(prediction) : 0;
  }

  /** Step being run, -1 before the first. Any thread. */
  public long currentStep() {
    return currentStep;
  }

  /** Layer being run, -1 while a step begins. Any thread. */
  public int currentLayer() {
    return currentLayer;
  }

  /**
   * Counters since the engine was opened. Any thread; of a running step only roughly up to date.
   */
  public EngineStats stats() {
    MemoryBudget budget = parts.budget();
    return new EngineStats(
        steps,
        rows,
        stepNanos,
        lastStepEnd - firstStepStart,
        parts.window().stats(),
        parts.kv().blocks() - parts.kv().freeBlocks(),
        parts.kv().blocks(),
        parts.kv().reusedTokens(),
        budget.usedBytes(),
        budget.peakBytes(),
        budget.limitBytes(),
        limits == null ? null : limits.stats(),
        parts.hostTierStats(),
        parts.traceStats());
  }

  /** Whether a step has failed; the engine must then not be used again. */
  public boolean failed() {
    return failed;
  }

  /** The key/value blocks, for comparison with reference data. */
  KvPool kv() {
    return parts.kv();
  }

  /** The forward pass itself, for comparison with reference data. */
  Decoder decoder() {
    return decoder;
  }

  @Override
  public void close() {
    trace.flush();
    if (scheduler != null) {
      scheduler.close();
      scheduler = null;
    }
    parts.close();
  }
}
