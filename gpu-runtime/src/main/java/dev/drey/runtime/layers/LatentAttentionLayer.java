package dev.drey.runtime.layers;

import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.Weight;

/**
 * Latent attention in its absorbed form, in prefill and decode alike: what would turn latents into
 * keys is applied to the queries, what would turn them into values to the outputs, so that all
 * heads attend to the same short vectors, and only those are stored. See {@link LatentAttention}.
 *
 * <p>DeepSeek-AI, "DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts Language
 * Model" (arXiv 2405.04434), section 2.1. Its names, and those of the weights here:
 *
 * <pre>
 *  c^KV    latent of keys and values       KV_LATENT, then KV_LATENT_NORM
 *  k^R     key with rotation, shared       KEY_ROTARY
 *  W^UK    latent to keys, on queries      KEY_IMAGE
 *  W^UV    latent to values, on outputs    VALUE_IMAGE
 *  c^Q     latent of queries, if any       QUERY_LATENT, then QUERY_LATENT_NORM
 *  q^C     query without rotation          QUERY_PLAIN
 *  q^R     query with rotation             QUERY_ROTARY
 * </pre>
 */
final class LatentAttentionLayer implements TokenMixer {
  private final LatentAttention attention;
  private final ComputeStream stream;
  private final ResidualStream residual;
  private final KvStore kv;
  private final RotaryTable rotary;

  LatentAttentionLayer(
      LatentAttention attention,
      ComputeStream stream,
      ResidualStream residual,
      KvStore kv,
      RotaryTable rotary) {
    this.attention = attention;
    this.stream = stream;
    this.residual = residual;
    this.kv = kv;
    this.rotary = rotary;
  }

  @Override
  public void run(
      int place,
      LayerWeights weights,
      StepBatch batch,
      StepBatch.MicroBatch microBatch,
      Activations buffers) {
    int rows = microBatch.rows();
    int[] tableRows = batch.rotaryRows(microBatch, rotary);
    residual.normalise(weights, microBatch, buffers);
    keysAndValues(weights, rows, tableRows, buffers);
    queries(weights, rows, tableRows, buffers);
    stream.writeKv(kv, place, buffers.keys, buffers.values, microBatch.attention());
    AttentionSpec spec =
        new AttentionSpec(attention.heads(), (float) attention.scale(), KeyRange.ALL, null, true);
    stream.attention(buffers.queries, spec, kv, place, microBatch.attention(), buffers.latents);
    DeviceBuffer images = residual.floatOutput() ? residual.output(buffers) : buffers.gates;
    stream.headMatmul(
        buffers.latents, rows, weights.heads(Weight.VALUE_IMAGE), images, attention.valueWidth());
    if (!residual.floatOutput()) {
      stream.toActivations(
          images, rows, attention.heads() * attention.valueWidth(), buffers.attended);
    }
    residual.add(weights, Weight.ATTENTION_OUTPUT, microBatch, buffers);
  }

  /** A key is the latent with the rotated key behind it; a value is the latent. */
  private void keysAndValues(LayerWeights weights, int rows, int[] tableRows, Activations buffers) {
    int rank = attention.kvRank();
    residual.project(
        weights, Weight.KV_LATENT, Weight.KV_LATENT_BIAS, rows, buffers, buffers.values);
    stream.normFloat(
        buffers.values, rows, rank, weights.rmsNorm(Weight.KV_LATENT_NORM), buffers.values);
    residual.project(
        weights, Weight.KEY_ROTARY, Weight.KEY_ROTARY_BIAS, rows, buffers, buffers.gates);
    stream.rotary(buffers.gates, rows, 1, attention.rotaryDim(), tableRows, rotary);
    stream.copyHeads(buffers.values, rows, 1, rank, buffers.keys, attention.keyDim(), 0);
    stream.copyHeads(
        buffers.gates, rows, 1, attention.rotaryDim(), buffers.keys, attention.keyDim(), rank);
  }

  private void queries(LayerWeights weights, int rows, int[] tableRows, Activations buffers) {
    int heads = attention.heads();
    if (attention.queryRank() > 0) {
      queryLatents(weights, rows, buffers);
    }
    queryPart(weights, Weight.QUERY_PLAIN, rows, buffers);
    stream.headMatmul(
        buffers.gates, rows, weights.heads(Weight.KEY_IMAGE), buffers.queries, attention.keyDim());
    queryPart(weights, Weight.QUERY_ROTARY, rows, buffers);
    stream.rotary(buffers.gates, rows, heads, attention.rotaryDim(), tableRows, rotary);
    stream.copyHeads(
        buffers.gates,
        rows,
        heads,
        attention.rotaryDim(),
        buffers.queries,
        attention.keyDim(),
        attention.kvRank());
  }

  /** Into {@link Activations#attended}, which is free until attention has run. */
  private void queryLatents(LayerWeights weights, int rows, Activations buffers) {
    residual.project(
        weights, Weight.QUERY_LATENT, Weight.QUERY_LATENT_BIAS, rows, buffers, buffers.latents);
    stream.norm(
        buffers.latents,
        rows,
        attention.queryRank(),
        weights.rmsNorm(Weight.QUERY_LATENT_NORM),
        buffers.attended);
  }

  private void queryPart(LayerWeights weights, Weight part, int rows, Activations buffers) {
    if (attention.queryRank() > 0) {
      stream.matmul(buffers.attended, rows, weights.matrix(part), null, buffers.gates, false);
    } else {
      residual.project(weights, part, rows, buffers, buffers.gates);
    }
  }
}
