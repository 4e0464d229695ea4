package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ModelConfig;
import java.util.Arrays;

/**
 * Grouped-query attention with rotary embedding over the paged key/value pool, one micro-batch
 * after the other. Adds its output to the residual stream.
 */
final class AttentionLayer {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final KvStore kv;
  private final RotaryTable rotary;
  private final float scale;

  AttentionLayer(ModelConfig model, ComputeStream stream, KvStore kv, RotaryTable rotary) {
    this.model = model;
    this.stream = stream;
    this.kv = kv;
    this.rotary = rotary;
    this.scale = (float) (1 / Math.sqrt(model.attention().headDim()));
  }

  void run(int layer, LayerWeights weights, StepBatch batch, Activations buffers) {
    for (MicroBatch microBatch : batch.microBatches()) {
      run(layer, weights, batch, microBatch, buffers);
    }
  }

  private void run(
      int layer,
      LayerWeights weights,
      StepBatch batch,
      MicroBatch microBatch,
      Activations buffers) {
    AttentionConfig attention = model.attention();
    int first = microBatch.firstRow();
    int count = microBatch.rows();
    DeviceBuffer hidden = buffers.hiddenRows(first, count);
    stream.rmsNorm(
        hidden,
        count,
        model.hidden(),
        weights.attentionNorm(),
        model.normEpsilon(),
        buffers.normed);
    stream.matmul(buffers.normed, count, weights.query(), buffers.queries, false);
    stream.matmul(buffers.normed, count, weights.key(), buffers.keys, false);
    stream.matmul(buffers.normed, count, weights.value(), buffers.values, false);
    int headDim = attention.headDim();
    if (weights.queryNorm() != null && weights.keyNorm() != null) {
      float epsilon = model.normEpsilon();
      stream.headNorm(
          buffers.queries, count, attention.heads(), headDim, weights.queryNorm(), epsilon);
      stream.headNorm(
          buffers.keys, count, attention.kvHeads(), headDim, weights.keyNorm(), epsilon);
    }
    int[] positions = Arrays.copyOfRange(batch.positions(), first, first + count);
    stream.rotary(buffers.queries, count, attention.heads(), positions, rotary);
    stream.rotary(buffers.keys, count, attention.kvHeads(), positions, rotary);
    stream.writeKv(kv, layer, buffers.keys, buffers.values, microBatch.attention());
    stream.attention(
        buffers.queries,
        attention.heads(),
        kv,
        layer,
        microBatch.attention(),
        scale,
        buffers.attended);
    stream.matmul(buffers.attended, count, weights.output(), hidden, true);
  }
}
