package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.predict.PredictionSink;
import dev.drey.runtime.predict.PredictorInput;
import dev.drey.runtime.predict.RoutedLayer;
import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.trace.RecordedWeight;
import dev.drey.runtime.trace.TraceSink;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the predictor what it reads of the forward pass, and passes on what it says, to the trace
 * and to the taker. Predictions for a layer that has no experts, or that has been passed, are a
 * mistake of the predictor and refused. One thread at a time.
 */
final class LayerPredictions implements RoutedLayer, PredictionSink {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final ExpertPredictor predictor;
  private final TraceSink trace;
  private final Set<PredictorInput> reads;
  private final Routing recorded;
  private final int maxRows;
  private final List<Routing> gated = new ArrayList<>();

  // -- the event being told
  private StepRows rows = new StepRows();
  private int layer;
  private DeviceBuffer routerInput;
  private Consumer<Prediction> taker = prediction -> {};
  private List<Integer> gates = List.of();
  private ComputeStream.@Nullable PendingRouting pendingGates;

  /**
   * @param anyBuffer stands for the router input until a layer has one
   */
  LayerPredictions(
      ModelConfig model,
      ComputeStream stream,
      ModelWeights weights,
      DeviceBuffer anyBuffer,
      ExpertPredictor predictor,
      TraceSink trace,
      int maxRows) {
    this.model = model;
    this.stream = stream;
    this.weights = weights;
    this.routerInput = anyBuffer;
    this.predictor = predictor;
    this.trace = trace;
    this.reads = Set.copyOf(predictor.reads());
    this.maxRows = maxRows;
    this.recorded = new Routing(maxRows, model.moe().expertsPerToken());
  }

  /** A step begins; the rows stay valid until the next one. */
  void began(StepRows newRows, Consumer<Prediction> newTaker) {
    rows = newRows;
    layer = ExpertPredictor.STEP_BEGIN;
    taker = newTaker;
    if (!reads.isEmpty()) {
      predictor.stepBegan(rows, this);
    }
  }

  /**
   * A layer's router has been started: starts the later layers' that the predictor will ask for, so
   * that they run while the demand is seen to.
   */
  void start(int newLayer, DeviceBuffer newRouterInput) {
    gates = reads.contains(PredictorInput.GATES) ? predictor.gates(newLayer) : List.of();
    if (gates.isEmpty()) {
      return;
    }
    while (gated.size() < gates.size()) {
      gated.add(new Routing(maxRows, model.moe().expertsPerToken()));
    }
    List<Router> routers =
        gates.stream().map(target -> router(model, weights.layer(target))).toList();
    pendingGates =
        stream.startRoutings(newRouterInput, rows.rows(), model.hidden(), routers, gated);
  }

  /** A layer's router has chosen; it has been {@linkplain #start started} with the same input. */
  void routed(
      int newLayer, Routing routing, DeviceBuffer newRouterInput, Consumer<Prediction> newTaker) {
    if (reads.isEmpty()) {
      return;
    }
    layer = newLayer;
    routerInput = newRouterInput;
    taker = newTaker;
    if (reads.contains(PredictorInput.ROUTING)) {
      int entries = rows.rows() * routing.k();
      System.arraycopy(routing.experts(), 0, recorded.experts(), 0, entries);
      for (int i = 0; i < entries; i++) {
        recorded.weights()[i] = RecordedWeight.of(routing.weights()[i]);
      }
    }
    predictor.routed(rows, this, this);
  }

  // -- what the predictor may ask for

  @Override
  public int layer() {
    return layer;
  }

  @Override
  public Routing routing() {
    require(PredictorInput.ROUTING);
    return recorded;
  }

  @Override
  public Routing gate(int target) {
    require(PredictorInput.GATES);
    int place = gates.indexOf(target);
    if (place < 0) {
      throw new IllegalStateException(
          "predictor '%s' asks for the gate of layer %d after layer %d but says it asks for those of %s"
              .formatted(predictor.name(), target, layer, gates));
    }
    if (pendingGates != null) {
      pendingGates.await();
      pendingGates = null;
    }
    return gated.get(place);
  }

  @Override
  public FloatBuffer routerInput() {
    require(PredictorInput.ROUTER_INPUT);
    return stream.read(routerInput, 0, rows.rows() * model.hidden());
  }

  private void require(PredictorInput input) {
    if (!reads.contains(input)) {
      throw new IllegalStateException(
          "predictor '%s' asks for %s but says it reads %s"
              .formatted(predictor.name(), input, reads));
    }
  }

  /** A layer's router as the device takes it. */
  static Router router(ModelConfig model, LayerWeights layerWeights) {
    return new Router(
        layerWeights.buffer(Weight.ROUTER),
        layerWeights.bufferIfAny(Weight.ROUTER_BIAS),
        layerWeights.bufferIfAny(Weight.CHOICE_BIAS),
        model.moe().experts(),
        model.moe().expertsPerToken(),
        model.moe().router());
  }

  // -- what it says

  @Override
  public void predicted(int targetLayer, int count, int[] experts, float[] scores) {
    if (targetLayer <= layer || targetLayer >= model.layers() || !model.isMoe(targetLayer)) {
      throw new IllegalStateException(
          "predictor '%s' predicts layer %d after layer %d; expected a later layer with experts"
              .formatted(predictor.name(), targetLayer, layer));
    }
    if (count > 0) {
      taker.accept(new Prediction(rows.step(), layer, targetLayer, count, experts, scores));
    }
    if (trace.isRecording()) {
      trace.predicted(System.nanoTime(), rows.step(), layer, targetLayer, count, experts, scores);
    }
  }
}
