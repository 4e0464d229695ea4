package dev.drey.runtime.layers;

import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.Weight;
import org.jspecify.annotations.Nullable;

/** Grouped-query attention over the paged key/value pool, see {@link GroupedQueryAttention}. */
final class GroupedQueryLayer implements TokenMixer {
  private final GroupedQueryAttention attention;
  private final NormConfig norms;
  private final ComputeStream stream;
  private final ResidualStream residual;
  private final KvStore kv;
  private final @Nullable RotaryTable rotary;

  /**
   * @param rotary the table of {@code attention.rotary()}; null if it has none
   */
  GroupedQueryLayer(
      GroupedQueryAttention attention,
      NormConfig norms,
      ComputeStream stream,
      ResidualStream residual,
      KvStore kv,
      @Nullable RotaryTable rotary) {
    this.attention = attention;
    this.norms = norms;
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
    DeviceBuffer normed = residual.normalise(weights, microBatch, buffers);
    project(weights, normed, rows, buffers);
    QkNorm qkNorm = attention.qkNorm();
    if (qkNorm == QkNorm.HEAD || qkNorm == QkNorm.WHOLE) {
      normaliseHeads(weights, rows, buffers);
    }
    if (attention.clip() > 0) {
      clip(rows, buffers);
    }
    if (rotary != null) {
      int[] tableRows = batch.rotaryRows(microBatch, rotary);
      int headDim = attention.headDim();
      stream.rotary(buffers.queries, rows, attention.heads(), headDim, tableRows, rotary);
      stream.rotary(buffers.keys, rows, attention.kvHeads(), headDim, tableRows, rotary);
    }
    if (qkNorm == QkNorm.HEAD_AFTER_ROTARY || qkNorm == QkNorm.UNIT_AFTER_ROTARY) {
      normaliseHeads(weights, rows, buffers);
    }
    if (attention.temperature() != null) {
      float[] factors = new float[rows];
      for (int row = 0; row < rows; row++) {
        factors[row] = attention.temperature().factor(batch.position(microBatch, row));
      }
      stream.scaleRows(buffers.queries, rows, attention.queryWidth(), factors);
    }
    attend(place, weights, microBatch, buffers);
    if (attention.outputGate()) {
      stream.sigmoidGate(buffers.gates, rows, attention.queryWidth(), buffers.attended);
    }
    residual.add(weights, Weight.ATTENTION_OUTPUT, microBatch, buffers);
  }

  private void project(
      LayerWeights weights, DeviceBuffer normed, int rows, Activations buffers) {
    project(weights, normed, rows, Weight.QUERY, Weight.QUERY_BIAS, buffers.queries);
    project(weights, normed, rows, Weight.KEY, Weight.KEY_BIAS, buffers.keys);
    project(weights, normed, rows, Weight.VALUE, Weight.VALUE_BIAS, buffers.values);
    if (attention.outputGate()) {
      project(weights, normed, rows, Weight.QUERY_GATE, Weight.QUERY_GATE_BIAS, buffers.gates);
    }
  }

  private void project(
      LayerWeights weights,
      DeviceBuffer normed,
      int rows,
      Weight weight,
      Weight bias,
      DeviceBuffer out) {
    stream.matmul(normed, rows, weights.matrix(weight), weights.bufferIfAny(bias), out, false);
  }

  private void clip(int rows, Activations buffers) {
    float limit = (float) attention.clip();
    stream.clamp(buffers.queries, rows, attention.queryWidth(), limit);
    stream.clamp(buffers.keys, rows, attention.kvWidth(), limit);
    stream.clamp(buffers.values, rows, attention.kvWidth(), limit);
  }

  private void normaliseHeads(LayerWeights weights, int rows, Activations buffers) {
    if (attention.qkNorm() == QkNorm.UNIT_AFTER_ROTARY) {
      Norm unit = Norm.rms(buffers.ones, norms.epsilon());
      stream.headNorm(buffers.queries, rows, attention.heads(), attention.headDim(), unit);
      stream.headNorm(buffers.keys, rows, attention.kvHeads(), attention.headDim(), unit);
      return;
    }
    boolean whole = attention.qkNorm() == QkNorm.WHOLE;
    stream.headNorm(
        buffers.queries,
        rows,
        whole ? 1 : attention.heads(),
        whole ? attention.queryWidth() : attention.headDim(),
        weights.rmsNorm(Weight.QUERY_NORM));
    stream.headNorm(
        buffers.keys,
        rows,
        whole ? 1 : attention.kvHeads(),
        whole ? attention.kvWidth() : attention.headDim(),
        weights.rmsNorm(Weight.KEY_NORM));
  }

  private void attend(
      int place, LayerWeights weights, StepBatch.MicroBatch microBatch, Activations buffers) {
    stream.writeKv(kv, place, buffers.keys, buffers.values, microBatch.attention());
    AttentionSpec spec =
        new AttentionSpec(
            attention.heads(),
            (float) attention.scale(),
            attention.visible(),
            weights.bufferIfAny(Weight.SINKS),
            false);
    stream.attention(
        buffers.queries, spec, kv, place, microBatch.attention(), buffers.attended);
  }
}
