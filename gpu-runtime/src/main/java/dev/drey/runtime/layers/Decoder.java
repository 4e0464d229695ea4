package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.trace.TraceSink;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass of a decoder-only mixture-of-experts model: embed, run the layers in order, read
 * logits. Each layer is put together from the parts that the model's description names; devices
 * provide the operations, the residency window the experts. Stateless between steps but for the
 * key/value pool and recurrent state.
 *
 * <p>Used by one thread at a time.
 */
public final class Decoder {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final ModelWeights weights;
  private final Activations buffers;
  private final TokenMixer[] mixers;

  /** Of each layer: its number among those with keys and values, or among those with state. */
  private final int[] places;

  private final FeedForward[] feedForwards;
  private final MoeFeedForward moe;
  private final LayerPredictions predictions;
  private final float[] factors;

  /**
   * @param states recurrent state; null if no layer has any
   * @param order when experts that are needed are computed
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
      @Nullable StateStore states,
      ResidencyWindow window,
      ExpertOrder order,
      ExpertPredictor predictor,
      TraceSink trace,
      int maxRows,
      int contextTokens) {
    this.model = model;
    this.stream = stream;
    this.weights = weights;
    this.buffers = buffers;
    this.factors = new float[maxRows];
    this.mixers = mixers(model, compute, stream, kv, states, contextTokens);
    this.places = new int[model.layers()];
    Arrays.setAll(
        places,
        layer -> {
          boolean keepsKeys = model.attention(layer).kvHeads() > 0;
          return keepsKeys ? model.kvLayer(layer) : layer - model.kvLayer(layer);
        });
    this.predictions =
        new LayerPredictions(
            model, stream, weights, buffers.routerInput, predictor, trace, maxRows);
    this.moe =
        new MoeFeedForward(
            model, compute, stream, weights, window, order, predictions, trace, maxRows);
    FeedForward dense = new DenseFeedForward(model, stream, weights, maxRows);
    this.feedForwards = new FeedForward[model.layers()];
    Arrays.setAll(feedForwards, layer -> model.isMoe(layer) ? moe : dense);
  }

  /** One per layer; layers with the same attention share it. */
  private static TokenMixer[] mixers(
      ModelConfig model,
      ComputeType compute,
      ComputeStream stream,
      KvStore kv,
      @Nullable StateStore states,
      int contextTokens) {
    Map<RotaryConfig, RotaryTable> tables = new HashMap<>();
    Map<AttentionConfig, TokenMixer> known = new HashMap<>();
    ResidualStream residual = new ResidualStream(model, compute, stream);
    TokenMixer[] mixers = new TokenMixer[model.layers()];
    for (int layer = 0; layer < mixers.length; layer++) {
      AttentionConfig attention = model.attention(layer);
      mixers[layer] =
          known.computeIfAbsent(
              attention,
              any -> {
                if (any instanceof GroupedQueryAttention grouped) {
                  RotaryTable table =
                      grouped.rotary() == null
                          ? null
                          : table(tables, grouped.rotary(), contextTokens);
                  return new GroupedQueryLayer(
                      grouped, model.norm(), compute, stream, residual, kv, table);
                }
                if (any instanceof LatentAttention latent) {
                  RotaryTable table = table(tables, latent.rotary(), contextTokens);
                  return new LatentAttentionLayer(latent, stream, residual, kv, table);
                }
                if (any instanceof GatedDeltaRule delta && states != null) {
                  return new DeltaRuleLayer(delta, stream, residual, states);
                }
                throw new IllegalArgumentException("no state for a layer of " + any);
              });
    }
    return mixers;
  }

  private static RotaryTable table(
      Map<RotaryConfig, RotaryTable> tables, RotaryConfig rotary, int contextTokens) {
    return tables.computeIfAbsent(rotary, any -> RotaryTable.of(any, contextTokens));
  }

  /** Looks the step's tokens up; the residual stream starts from them. */
  public void embed(StepBatch batch) {
    stream.embed(
        weights.global().buffer(Weight.EMBEDDING),
        batch.ids(),
        batch.rows(),
        model.hidden(),
        buffers.hidden);
    if (model.multipliers().embedding() != 1) {
      Arrays.fill(factors, 0, batch.rows(), model.multipliers().embedding());
      stream.scaleRows(buffers.hidden, batch.rows(), model.hidden(), factors);
    }
  }

  /**
   * Tells the predictor of a step, before its first layer.
   *
   * @param rows the step's rows; valid until the next step begins
   * @param sink receives predictions for all layers
   */
  public void begin(StepRows rows, Consumer<Prediction> sink) {
    predictions.began(rows, sink);
  }

  /**
   * Runs one decoder layer over the residual stream. The step must have been {@linkplain #begin
   * begun}.
   *
   * @param sink receives predictions for later layers
   */
  public void layer(int layer, StepBatch batch, Consumer<Prediction> sink) {
    for (StepBatch.MicroBatch microBatch : batch.microBatches()) {
      mixers[layer].run(places[layer], weights.layer(layer), batch, microBatch, buffers);
    }
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
    LayerWeights global = weights.global();
    stream.gather(buffers.hidden, rows, count, model.hidden(), buffers.routerInput);
    stream.norm(
        buffers.routerInput,
        count,
        model.hidden(),
        global.norm(Weight.FINAL_NORM, Weight.FINAL_NORM_BIAS),
        buffers.normed);
    stream.matmul(
        buffers.normed,
        count,
        global.matrix(Weight.OUTPUT),
        global.bufferIfAny(Weight.OUTPUT_BIAS),
        buffers.logits,
        false);
    if (model.multipliers().logits() != 1) {
      Arrays.fill(factors, 0, count, model.multipliers().logits());
      stream.scaleRows(buffers.logits, count, model.vocabulary(), factors);
    }
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
