package dev.drey.operators.prefetch;

import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.runtime.predict.Prediction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Takes predictions off the stages' hands and offers those that are not stale to the engine of its
 * slot. Runs in its own task beside the pipeline it serves.
 *
 * <p>It neither loads nor waits. Network buffers hold tens of thousands of predictions before any
 * backpressure is felt, so a slow operator would first deliver stale ones and then stall the
 * stages; therefore each prediction costs a comparison with the engine's progress and an offer to a
 * bounded queue, whose owner moves the bytes. Experts of one layer predicted by one event come in
 * one record: this task is woken once for them, on a core the stages may be using.
 */
public final class ExpertPrefetch extends KeyedProcessFunction<Integer, ExpertPrediction, Void> {
  // -- configuration
  private final SlotEngines engines;
  private final boolean offers;

  // -- runtime
  private transient @Nullable SlotLease lease;
  private transient @Nullable Sink sink;

  private record Sink(SlotEngine engine, Counter stale, Counter offered, Counter refused) {
    void take(Prediction prediction) {
      if (isPast(prediction, engine.currentStep(), engine.currentLayer())) {
        stale.inc(prediction.count());
        return;
      }
      int taken = engine.prefetch(prediction);
      offered.inc(taken);
      refused.inc(prediction.count() - taken);
    }
  }

  /**
   * @param engines where the slot's engine comes from
   * @param offers whether predictions are offered; otherwise they are dropped
   */
  public ExpertPrefetch(SlotEngines engines, boolean offers) {
    this.engines = engines;
    this.offers = offers;
  }

  @Override
  public void open(OpenContext openContext) throws Exception {
    SlotLease acquired = engines.acquire(SlotKey.of(getRuntimeContext()));
    lease = acquired;
    MetricGroup moe = getRuntimeContext().getMetricGroup().addGroup("moe");
    sink =
        new Sink(
            acquired.engine(),
            moe.counter("predictions_stale"),
            moe.counter("predictions_offered"),
            moe.counter("predictions_refused"));
  }

  @Override
  public void processElement(ExpertPrediction prediction, Context context, Collector<Void> out) {
    if (sink == null) {
      throw new IllegalStateException("prediction before open");
    }
    if (offers) {
      sink.take(prediction.prediction());
    }
  }

  /** Whether the engine has reached the predicted layer, or a later step. */
  static boolean isPast(Prediction prediction, long step, int layer) {
    return prediction.step() < step || (prediction.step() == step && prediction.layer() <= layer);
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      lease = null;
      sink = null;
    }
  }
}
