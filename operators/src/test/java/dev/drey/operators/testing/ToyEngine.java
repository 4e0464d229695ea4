package dev.drey.operators.testing;

import dev.drey.operators.slot.EngineFacts;
import dev.drey.operators.slot.EngineStats;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.kvcache.KvPool;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.schedule.Detokenizer;
import dev.drey.runtime.schedule.ModelLimits;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepSampler;
import dev.drey.runtime.schedule.StepScheduler;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The toy model behind the port: real scheduler, real pool, real sampler, states for keys. */
final class ToyEngine implements SlotEngine {
  private static final int BLOCK_TOKENS = 64;
  private static final int MAX_ROWS = 64;
  private static final long PAUSE_NANOS = 500_000;

  private final ToyWorld world;
  private final ToyEngines settings;
  private final int number;
  private final EngineFacts facts;
  private final KvPool pool;
  private final long[] states;
  private final long[] rowStates = new long[MAX_ROWS];
  private volatile BooleanSupplier canceled = () -> false;
  private volatile long currentStep = -1;
  private volatile int currentLayer;
  private int nextLayer = ToyModel.LAYERS;
  private int shares;

  /**
   * @param number tells this engine's predictions from those of others
   */
  ToyEngine(ToyWorld world, ToyEngines settings, int number) {
    this.number = number;
    this.world = world;
    this.settings = settings;
    int blocks = settings.poolTokens() / BLOCK_TOKENS;
    this.states = new long[settings.poolTokens()];
    this.pool = new KvPool(new ToyStore(blocks));
    this.facts =
        new EngineFacts(
            settings.identity(),
            "0-toy",
            ToyModel.LAYERS,
            ToyModel.EXPERTS,
            new ModelLimits(ToyModel.VOCABULARY, 2000, Set.of(ToyModel.END_TOKEN)),
            pool.capacityTokens(),
            OptionalInt.of(ToyModel.BEGIN_TOKEN),
            world.defaults());
  }

  private record ToyStore(int blocks) implements KvStore {
    @Override
    public KvShape shape() {
      return new KvShape(ToyModel.LAYERS, 1, 1, 1, BLOCK_TOKENS);
    }

    @Override
    public void close() {}
  }

  /** A token is a character. */
  private static final class Characters implements Detokenizer {
    @Override
    public String append(int id) {
      return String.valueOf((char) id);
    }

    @Override
    public String finish() {
      return "";
    }
  }

  @Override
  public EngineFacts facts() {
    return facts;
  }

  @Override
  public boolean hasTokenizer() {
    return true;
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    world.checkTokenizer(text);
    return ToyModel.encode(addSpecialTokens ? world.specialTokens() + text : text);
  }

  @Override
  public Optional<ChatTemplates> chatTemplates() {
    return world.chatTemplate().map(ChatTemplates::of);
  }

  @Override
  public StepScheduler newScheduler() {
    pool.check(List.of());
    ScheduleConfig config =
        new ScheduleConfig(settings.capacity(), 3, MAX_ROWS, 24, 1_000_000_000L);
    return new StepScheduler(config, facts.limits(), pool, Characters::new, System::nanoTime);
  }

  @Override
  public Step newStep() {
    return new Step(MAX_ROWS);
  }

  @Override
  public void cancelWhen(BooleanSupplier newCanceled) {
    canceled = newCanceled;
  }

  @Override
  public void embed(Step step) {
    if (nextLayer != ToyModel.LAYERS) {
      throw new IllegalStateException("a step begins while layer " + nextLayer + " is due");
    }
    nextLayer = 0;
    StepBatch batch = step.batch();
    currentStep = batch.step();
    work(world.beginStep(batch.rows()));
    for (MicroBatch micro : batch.microBatches()) {
      for (Span span : micro.attention().spans()) {
        advance(batch, micro.firstRow() + span.firstRow(), span);
      }
    }
  }

  private void advance(StepBatch batch, int firstRow, Span span) {
    for (int i = 0; i < span.rows(); i++) {
      int position = span.startPosition() + i;
      long before = position == 0 ? 0 : states[place(span, position - 1)];
      long state = ToyModel.next(before, batch.ids()[firstRow + i], position);
      states[place(span, position)] = state;
      rowStates[firstRow + i] = state;
    }
  }

  private static int place(Span span, int position) {
    return span.blockTable()[position / BLOCK_TOKENS] * BLOCK_TOKENS + position % BLOCK_TOKENS;
  }

  private void work(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      if (canceled.getAsBoolean() && world.heedsCancellation()) {
        throw new CancellationException("cancelled within a step");
      }
      LockSupport.parkNanos(Math.min(PAUSE_NANOS, end - System.nanoTime()));
    }
  }

  @Override
  public void runLayers(Step step, int from, int to, Consumer<Prediction> predictions) {
    if (from != nextLayer || to <= from || to > ToyModel.LAYERS) {
      throw new IllegalStateException(
          "layers %d to %d are run while layer %d is due".formatted(from, to, nextLayer));
    }
    nextLayer = to;
    for (int layer = from; layer < to; layer++) {
      currentLayer = layer;
      if (layer + 1 < ToyModel.LAYERS) {
        predictions.accept(
            new Prediction(
                currentStep,
                layer,
                layer + 1,
                1,
                new int[] {ToyModel.likelyExpert(currentStep, layer + 1)},
                new float[] {number}));
      }
    }
  }

  @Override
  public void sample(Step step) {
    if (nextLayer != ToyModel.LAYERS) {
      throw new IllegalStateException("sampled while layer " + nextLayer + " is due");
    }
    StepBatch batch = step.batch();
    try (StepSampler sampler = new StepSampler(facts.limits(), 4, 1)) {
      sampler.sample(
          step,
          (from, count) -> {
            FloatBuffer logits = FloatBuffer.allocate(count * ToyModel.VOCABULARY);
            for (int i = from; i < from + count; i++) {
              long state = rowStates[batch.logitRows()[i]];
              for (int token = 0; token < ToyModel.VOCABULARY; token++) {
                logits.put(ToyModel.logit(state, token));
              }
            }
            return logits.flip();
          });
    }
  }

  @Override
  public int prefetch(Prediction prediction) {
    world.offered(prediction, prediction.score(0) == number);
    return prediction.count();
  }

  @Override
  public long currentStep() {
    return currentStep;
  }

  @Override
  public int currentLayer() {
    return currentLayer;
  }

  @Override
  public EngineStats stats() {
    return EngineStats.NONE;
  }

  void share() {
    shares++;
  }

  /** Returns whether it was the last share. */
  boolean giveBack() {
    return --shares == 0;
  }

  /** Fails if a block is still held. */
  void close() {
    pool.close();
  }
}
