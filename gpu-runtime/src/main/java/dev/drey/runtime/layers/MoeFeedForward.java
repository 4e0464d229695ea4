package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.residency.ExpertLease;
import dev.drey.runtime.residency.LayerDemand;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The mixture-of-experts layer, over all rows of a batch group at once (Klotski, section 5.1 of the
 * published pipeline): each needed expert is brought in once and computes all its tokens, resident
 * experts first, then the others in order of arrival (or {@linkplain ExpertOrder#TOGETHER all
 * together}).
 *
 * <p><b>Why order is free.</b> The output of rank r of token t goes to its own row (t · k + r) and
 * rows are summed in rank order afterwards, so the result has the same bits whatever the order of
 * arrival.
 *
 * <p><b>Order of events in one layer</b>, as numbered in {@link #run}:
 *
 * <ol>
 *   <li>The rows are normalised.
 *   <li>All routers that read them are started together: the layer's own, the shared expert's gate,
 *       later layers' for the predictor. A device that computes beside its host does the later ones
 *       while the host goes on.
 *   <li>The layer's own router has chosen; its choices are sorted by expert.
 *   <li>They are announced to the window as a demand, so that missing experts start moving.
 *   <li>The predictor is told; its predictions leave through the sink.
 *   <li>The shared expert computes, while experts arrive.
 *   <li>The experts compute as they become ready.
 *   <li>Their outputs are added to the residual stream in rank order, then the shared expert's.
 * </ol>
 */
final class MoeFeedForward implements FeedForward {
  private final ModelConfig model;
  private final ComputeType compute;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final ResidencyWindow window;
  private final ExpertOrder order;
  private final Routing routing;
  private final Routing outputWeights;
  private final ExpertTokens tokens;
  private final LayerPredictions predictions;
  private final LayerTrace trace;
  private final @Nullable SharedExpert shared;

  MoeFeedForward(
      ModelConfig model,
      ComputeType compute,
      ComputeStream stream,
      ModelWeights weights,
      ResidencyWindow window,
      ExpertOrder order,
      LayerPredictions predictions,
      TraceSink trace,
      int maxRows) {
    this.model = model;
    this.compute = compute;
    this.stream = stream;
    this.weights = weights;
    this.window = window;
    this.order = order;
    this.predictions = predictions;
    int k = model.moe().expertsPerToken();
    this.routing = new Routing(maxRows, k);
    this.outputWeights = new Routing(maxRows, k);
    this.tokens = new ExpertTokens(model.moe(), maxRows * k);
    this.shared =
        model.moe().sharedIntermediate() > 0 ? new SharedExpert(model, stream, maxRows) : null;
    this.trace = new LayerTrace(trace, model.moe().experts());
  }

  /** The latest layer's choice, for tests; overwritten by the next layer. */
  Routing routing() {
    return routing;
  }

  @Override
  public void run(int layer, StepBatch batch, Activations buffers, Consumer<Prediction> sink) {
    int rows = batch.rows();
    LayerWeights layerWeights = weights.layer(layer);
    DeviceBuffer routerInput = normalise(layerWeights, rows, buffers); // 1
    ComputeStream.PendingRouting own = // 2
        stream.startRouting(
            routerInput,
            rows,
            model.hidden(),
            LayerPredictions.router(model, layerWeights),
            routing);
    ComputeStream.PendingRouting shares =
        shared == null ? null : shared.start(layerWeights, rows, routerInput);
    predictions.start(layer, routerInput);
    own.await(); // 3
    tokens.sort(routing, rows);
    trace.routed(layer, batch, routing, tokens);
    try (LayerDemand demand = // 4
        window.demand(batch.step(), layer, tokens.experts(), tokens.tokens(), tokens.distinct())) {
      predictions.routed(layer, routing, routerInput, sink); // 5
      if (shared != null) {
        shared.compute(layerWeights, rows, shares, buffers); // 6
      }
      compute(layerWeights, demand, buffers); // 7
    }
    stream.combine( // 8
        buffers.expertOut, outputWeights(rows), rows, model.hidden(), buffers.hidden);
    if (shared != null) {
      shared.add(rows, buffers);
    }
  }

  /** What outputs are multiplied by: 1 where a weight has multiplied the input. */
  private Routing outputWeights(int rows) {
    float residual = model.multipliers().residual();
    boolean scaledInput = model.moe().scaledInput();
    if (residual == 1 && !scaledInput) {
      return routing;
    }
    for (int entry = 0; entry < rows * routing.k(); entry++) {
      outputWeights.weights()[entry] = residual * (scaledInput ? 1 : routing.weights()[entry]);
    }
    return outputWeights;
  }

  private DeviceBuffer normalise(LayerWeights layerWeights, int rows, Activations buffers) {
    Norm norm = layerWeights.norm(Weight.FEED_FORWARD_NORM, Weight.FEED_FORWARD_NORM_BIAS);
    stream.norm(buffers.hidden, rows, model.hidden(), norm, buffers.normed);
    if (compute == ComputeType.F32) {
      return buffers.normed;
    }
    stream.normFloat(buffers.hidden, rows, model.hidden(), norm, buffers.routerInput);
    return buffers.routerInput;
  }

  private void compute(LayerWeights layerWeights, LayerDemand demand, Activations buffers) {
    int perCall = expertsPerCall();
    List<ExpertBatch> work = new ArrayList<>();
    while (true) {
      List<ExpertLease> ready =
          order == ExpertOrder.TOGETHER ? demand.nextTogether() : demand.nextReady(perCall);
      if (ready.isEmpty()) {
        return;
      }
      for (int from = 0; from < ready.size(); from += perCall) {
        work.clear();
        for (ExpertLease lease : ready.subList(from, Math.min(from + perCall, ready.size()))) {
          stream.waitFor(lease.arrival());
          int expert = lease.id().index();
          work.add(tokens.batch(expert, lease.expert(), bias(layerWeights, expert)));
        }
        stream.experts(buffers.normed, work, buffers.expertOut);
      }
      DeviceEvent lastUse = stream.record();
      ready.forEach(lease -> lease.release(lastUse));
    }
  }

  /** All that are ready if nobody ever waits for a slot: with fewer calls threads idle less. */
  private int expertsPerCall() {
    boolean keepsAll = window.slots() >= model.totalExperts();
    return keepsAll ? model.moe().experts() : stream.expertsPerCall();
  }

  private @Nullable ExpertBias bias(LayerWeights layerWeights, int expert) {
    if (!model.moe().expertBias()) {
      return null;
    }
    int width = model.moe().intermediate();
    return new ExpertBias(
        row(layerWeights.buffer(Weight.EXPERT_GATE_BIAS), expert, width),
        row(layerWeights.buffer(Weight.EXPERT_UP_BIAS), expert, width),
        row(layerWeights.buffer(Weight.EXPERT_DOWN_BIAS), expert, model.hidden()));
  }

  private static DeviceBuffer row(DeviceBuffer table, int row, int width) {
    return table.slice((long) row * width * Float.BYTES, (long) width * Float.BYTES);
  }
}
