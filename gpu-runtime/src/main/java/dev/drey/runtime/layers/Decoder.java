package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.trace.TraceSink;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The forward pass of a decoder-only mixture-of-experts model: embed, run the layers in order, read
 * logits. Reads like the model's description; devices provide the operations, the residency window
 * the experts. Stateless between steps but for the key/value pool.
 *
 * <p>Used by one thread at a time.
 */
public final class Decoder {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final Activations buffers;
  private final AttentionLayer attention;
  private final FeedForward[] feedForwards;
  private final MoeFeedForward moe;

  /**
   * @param predictor what to ask for predictions
   * @param trace is told what routers chose and predictors said
   * @param maxRows most rows of a step; the activations must have been made for as many
   * @param contextTokens longest sequence
   */
  public Decoder(
      ModelConfig model,
      ComputeType compute,
      ComputeStream stream,
      ModelWeights weights,
      Activations buffers,
      KvStore kv,
      ResidencyWindow window,
      ExpertPredictor predictor,
      TraceSink trace,
      int maxRows,
      int contextTokens) {
    this.model = model;
    this.stream = stream;
    this.weights = weights;
    this.buffers = buffers;
    RotaryTable rotary =
        RotaryTable.plain(
            model.attention().headDim(), contextTokens, model.attention().ropeTheta());
    this.attention = new AttentionLayer(model, stream, kv, rotary);
    this.moe =
        new MoeFeedForward(model, compute, stream, weights, window, predictor, trace, maxRows);
    FeedForward dense = new DenseFeedForward(model, stream, weights, maxRows);
    this.feedForwards = new FeedForward[model.layers()];
    Arrays.setAll(feedForwards, layer -> model.isMoe(layer) ? moe : dense);
  }

  /** Looks the step's tokens up; the residual stream starts from them. */
  public void embed(StepBatch batch) {
    stream.embed(weights.embedding(), batch.ids(), batch.rows(), model.hidden(), buffers.hidden);
  }

  /**
   * Runs one decoder layer over the residual stream.
   *
   * @param sink receives predictions for later layers
   */
  public void layer(int layer, StepBatch batch, Consumer<Prediction> sink) {
    attention.run(layer, weights.layers().get(layer), batch, buffers);
    feedForwards[layer].run(layer, batch, buffers, sink);
  }

  /**
   * Logits of some of the rows that the step asked for.
   *
   * @param from index into {@link StepBatch#logitRows()}
   * @param count how many, at most {@link #logitRows()}
   * @return float32 {@code [count, vocabulary]}, valid until the next call
   */
  public FloatBuffer logits(StepBatch batch, int from, int count) {
    int[] rows = Arrays.copyOfRange(batch.logitRows(), from, from + count);
    stream.gather(buffers.hidden, rows, count, model.hidden(), buffers.routerInput);
    stream.rmsNorm(
        buffers.routerInput,
        count,
        model.hidden(),
        weights.finalNorm(),
        model.normEpsilon(),
        buffers.normed);
    stream.matmul(buffers.normed, count, weights.outputProjection(), buffers.logits, false);
    return stream.read(buffers.logits, 0, count * model.vocabulary());
  }

  /** Most rows {@link #logits} takes at a time. */
  public int logitRows() {
    return buffers.logitRows;
  }

  /** The latest MoE layer's choice of experts; overwritten by the next layer. */
  public Routing routing() {
    return moe.routing();
  }
}
