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
    DeviceBuffer normed = residual.normalise(weights, microBatch, buffers);
    keysAndValues(weights, normed, rows, tableRows, buffers);
    queries(weights, normed, rows, tableRows, buffers);
    stream.writeKv(kv, place, buffers.keys, buffers.values, microBatch.attention());
    AttentionSpec spec =
        new AttentionSpec(
            attention.heads(), (float) attention.scale(), KeyRange.ALL, null, true);
    stream.attention(
        buffers.queries, spec, kv, place, microBatch.attention(), buffers.latents);
    stream.headMatmul(
        buffers.latents,
        rows,
        weights.heads(Weight.VALUE_IMAGE),
        buffers.gates,
        attention.valueWidth());
    stream.toActivations(
        buffers.gates, rows, attention.heads() * attention.valueWidth(), buffers.attended);
    residual.add(weights, Weight.ATTENTION_OUTPUT, microBatch, buffers);
  }

  /** A key is the latent with the rotated key behind it; a value is the latent. */
  private void keysAndValues(
      LayerWeights weights, DeviceBuffer normed, int rows, int[] tableRows, Activations buffers) {
    int rank = attention.kvRank();
    stream.matmul(
        normed,
        rows,
        weights.matrix(Weight.KV_LATENT),
        weights.bufferIfAny(Weight.KV_LATENT_BIAS),
        buffers.values,
        false);
    stream.normFloat(
        buffers.values, rows, rank, weights.rmsNorm(Weight.KV_LATENT_NORM), buffers.values);
    stream.matmul(
        normed,
        rows,
        weights.matrix(Weight.KEY_ROTARY),
        weights.bufferIfAny(Weight.KEY_ROTARY_BIAS),
        buffers.gates,
        false);
    stream.rotary(buffers.gates, rows, 1, attention.rotaryDim(), tableRows, rotary);
    stream.copyHeads(buffers.values, rows, 1, rank, buffers.keys, attention.keyDim(), 0);
    stream.copyHeads(
        buffers.gates, rows, 1, attention.rotaryDim(), buffers.keys, attention.keyDim(), rank);
  }

  private void queries(
      LayerWeights weights, DeviceBuffer normed, int rows, int[] tableRows, Activations buffers) {
    DeviceBuffer source = normed;
    if (attention.queryRank() > 0) {
      stream.matmul(
          normed,
          rows,
          weights.matrix(Weight.QUERY_LATENT),
          weights.bufferIfAny(Weight.QUERY_LATENT_BIAS),
          buffers.latents,
          false);
      stream.norm(
          buffers.latents,
          rows,
          attention.queryRank(),
          weights.rmsNorm(Weight.QUERY_LATENT_NORM),
          buffers.attended);
      source = buffers.attended;
    }
    int heads = attention.heads();
    stream.matmul(source, rows, weights.matrix(Weight.QUERY_PLAIN), null, buffers.gates, false);
    stream.headMatmul(
        buffers.gates,
        rows,
        weights.heads(Weight.KEY_IMAGE),
        buffers.queries,
        attention.keyDim());
    stream.matmul(source, rows, weights.matrix(Weight.QUERY_ROTARY), null, buffers.gates, false);
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
}
