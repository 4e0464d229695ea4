package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.predict.Prediction;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** One always-resident network for every token: an expert that each row is sent to. */
final class DenseFeedForward implements FeedForward {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final int[] everyRow;
  private final Routing one;

  DenseFeedForward(ModelConfig model, ComputeStream stream, ModelWeights weights, int maxRows) {
    this.model = model;
    this.stream = stream;
    this.weights = weights;
    this.everyRow = new int[maxRows];
    Arrays.setAll(everyRow, row -> row);
    this.one = new Routing(maxRows, 1);
    Arrays.fill(one.weights(), model.multipliers().residual());
  }

  @Override
  public void run(int layer, StepBatch batch, Activations buffers, Consumer<Prediction> sink) {
    LayerWeights layerWeights = weights.layer(layer);
    int rows = batch.rows();
    stream.norm(
        buffers.hidden,
        rows,
        model.hidden(),
        layerWeights.norm(Weight.FEED_FORWARD_NORM, Weight.FEED_FORWARD_NORM_BIAS),
        buffers.normed);
    stream.experts(
        buffers.normed,
        List.of(new ExpertBatch(layerWeights.network(Network.DENSE), everyRow, everyRow, rows)),
        buffers.expertOut);
    stream.combine(buffers.expertOut, one, rows, model.hidden(), buffers.hidden);
  }
}
