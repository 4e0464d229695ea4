package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.RouterSpec;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.residency.ExpertLease;
import dev.drey.runtime.residency.LayerDemand;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The mixture-of-experts layer, over all rows of a batch group at once (Klotski, section 5.1 of the
 * published pipeline): each needed expert is brought in once and computes all its tokens, resident
 * experts first, then the others in order of arrival.
 *
 * <p><b>Why order is free.</b> The output of rank r of token t goes to its own row (t · k + r) and
 * rows are summed in rank order afterwards, so the result has the same bits whatever the order of
 * arrival.
 *
 * <p><b>Order of events in one layer.</b> The true router decides; its demand is announced first,
 * so that missing experts start moving; then the next layer's gate is applied to this layer's
 * router input (Fate's cross-layer gate) and the predictions leave through the sink; then experts
 * compute as they become ready.
 */
final class MoeFeedForward implements FeedForward {
  /** Experts computed per call: enough to feed the threads, few enough to free slots soon. */
  private static final int EXPERTS_PER_CALL = 8;

  private final ModelConfig model;
  private final ComputeType compute;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final ResidencyWindow window;
  private final ExpertPredictor predictor;
  private final RouterSpec spec;
  private final Routing routing;
  private final Routing nextRouting;
  private final ExpertTokens tokens;
  private final LayerTrace trace;

  MoeFeedForward(
      ModelConfig model,
      ComputeType compute,
      ComputeStream stream,
      ModelWeights weights,
      ResidencyWindow window,
      ExpertPredictor predictor,
      TraceSink trace,
      int maxRows) {
    this.model = model;
    this.compute = compute;
    this.stream = stream;
    this.weights = weights;
    this.window = window;
    this.predictor = predictor;
    int k = model.moe().expertsPerToken();
    this.spec = new RouterSpec(model.moe().experts(), k, model.moe().normaliseTopK());
    this.routing = new Routing(maxRows, k);
    this.nextRouting = new Routing(maxRows, k);
    this.tokens = new ExpertTokens(model.moe().experts(), maxRows * k);
    this.trace = new LayerTrace(trace, model.moe().experts());
  }

  /** The latest layer's choice, for tests; overwritten by the next layer. */
  Routing routing() {
    return routing;
  }

  @Override
  public void run(int layer, StepBatch batch, Activations buffers, Consumer<Prediction> sink) {
    int rows = batch.rows();
    LayerWeights layerWeights = weights.layers().get(layer);
    DeviceBuffer routerInput = normalise(layerWeights, rows, buffers);
    DeviceBuffer router = Objects.requireNonNull(layerWeights.router());
    stream.routeTopK(routerInput, rows, model.hidden(), router, spec, routing);
    tokens.sort(routing, rows);
    trace.routed(layer, batch, routing, tokens);
    try (LayerDemand demand =
        window.demand(batch.step(), layer, tokens.experts(), tokens.distinct())) {
      predict(layer, batch, routerInput, sink);
      compute(demand, buffers);
    }
    stream.combine(buffers.expertOut, routing, rows, model.hidden(), buffers.hidden);
  }

  private DeviceBuffer normalise(LayerWeights layerWeights, int rows, Activations buffers) {
    stream.rmsNorm(
        buffers.hidden,
        rows,
        model.hidden(),
        layerWeights.feedForwardNorm(),
        model.normEpsilon(),
        buffers.normed);
    if (compute == ComputeType.F32) {
      return buffers.normed;
    }
    stream.rmsNormFloat(
        buffers.hidden,
        rows,
        model.hidden(),
        layerWeights.feedForwardNorm(),
        model.normEpsilon(),
        buffers.routerInput);
    return buffers.routerInput;
  }

  private void predict(
      int layer, StepBatch batch, DeviceBuffer routerInput, Consumer<Prediction> sink) {
    int target = layer + predictor.lookahead();
    if (target == layer || target >= model.layers() || !model.isMoe(target)) {
      return;
    }
    DeviceBuffer gate = Objects.requireNonNull(weights.layers().get(target).router());
    stream.routeTopK(routerInput, batch.rows(), model.hidden(), gate, spec, nextRouting);
    if (trace.isRecording()) {
      LayerTrace.Predicting listener = trace.predicting(sink);
      predictor.predict(batch.step(), layer, target, nextRouting, batch.rows(), listener);
      listener.done(batch.step(), layer, target);
    } else {
      predictor.predict(batch.step(), layer, target, nextRouting, batch.rows(), sink);
    }
  }

  private void compute(LayerDemand demand, Activations buffers) {
    List<ExpertBatch> work = new ArrayList<>();
    while (true) {
      List<ExpertLease> ready = demand.nextReady(EXPERTS_PER_CALL);
      if (ready.isEmpty()) {
        return;
      }
      work.clear();
      for (ExpertLease lease : ready) {
        work.add(tokens.batch(lease.id().index(), lease.expert()));
      }
      stream.experts(buffers.normed, work, buffers.expertOut);
      DeviceEvent lastUse = stream.record();
      ready.forEach(lease -> lease.release(lastUse));
    }
  }
}
