package dev.drey.operators.pipeline;

import dev.drey.operators.prefetch.ExpertKeys;
import dev.drey.operators.prefetch.ExpertPrediction;
import dev.drey.operators.slot.EngineFacts;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.schedule.Step;
import java.util.function.Consumer;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * Runs a contiguous range of layers over every step and hands the step on; the first stage embeds
 * it before. What the engine predicts meanwhile leaves on a side output at once.
 *
 * <p>The range is the stage's share of the layers of the model the engine opened. It does not know
 * how the step came here.
 */
final class LayerStage extends ProcessFunction<Step, Step> {
  /** Predictions for the prefetch operator. */
  static final OutputTag<ExpertPrediction> PREDICTIONS =
      new OutputTag<>("predictions", ExpertPrediction.TYPE);

  // -- configuration
  private final SlotEngines engines;
  private final int stage;
  private final int stages;

  // -- runtime
  private transient @Nullable SlotLease lease;
  private transient @Nullable Range range;

  /** The layers of this stage on an open engine. */
  private static final class Range implements Consumer<Prediction> {
    private final SlotEngine engine;
    private final int from;
    private final int to;
    private final ExpertKeys keys;
    private @Nullable Context output;

    Range(SlotEngine engine, int from, int to, ExpertKeys keys) {
      this.engine = engine;
      this.from = from;
      this.to = to;
      this.keys = keys;
    }

    void run(Step step, Context context) {
      output = context;
      if (from == 0 && to > 0) {
        engine.embed(step);
      }
      if (from < to) {
        engine.runLayers(step, from, to, this);
      }
    }

    @Override
    public void accept(Prediction prediction) {
      if (output != null) {
        int key = keys.keyOf(prediction.layer(), prediction.expert(0));
        output.output(PREDICTIONS, new ExpertPrediction(key, prediction));
      }
    }
  }

  /**
   * @param stage which of the stages, from 0
   * @param stages how many there are
   */
  LayerStage(SlotEngines engines, int stage, int stages) {
    this.engines = engines;
    this.stage = stage;
    this.stages = stages;
  }

  @Override
  public void open(OpenContext openContext) throws Exception {
    SlotLease acquired = engines.acquire(SlotKey.of(getRuntimeContext()));
    lease = acquired;
    EngineFacts facts = acquired.engine().facts();
    range =
        new Range(
            acquired.engine(),
            firstLayer(stage, stages, facts.layers()),
            firstLayer(stage + 1, stages, facts.layers()),
            ExpertKeys.of(getRuntimeContext().getTaskInfo(), facts.layers(), facts.experts()));
  }

  /** The first layer of a stage; that of the stage after the last is the number of layers. */
  static int firstLayer(int stage, int stages, int layers) {
    int used = PipelineOptions.stagesFor(stages, layers);
    return (int) ((long) layers * Math.min(stage, used) / used);
  }

  @Override
  public void processElement(Step step, Context context, Collector<Step> out) {
    if (range == null) {
      throw new IllegalStateException("step before open");
    }
    range.run(step, context);
    out.collect(step);
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      lease = null;
      range = null;
    }
  }
}
