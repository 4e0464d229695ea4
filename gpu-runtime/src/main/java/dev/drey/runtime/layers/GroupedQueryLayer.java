package dev.drey.runtime.layers;

import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.Weight;
import org.jspecify.annotations.Nullable;

/** Grouped-query attention over the paged key/value pool, see {@link GroupedQueryAttention}. */
final class GroupedQueryLayer implements TokenMixer {
  private final GroupedQueryAttention attention;
  private final NormConfig norms;
  private final ComputeType compute;
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
      ComputeType compute,
      ComputeStream stream,
      ResidualStream residual,
      KvStore kv,
      @Nullable RotaryTable rotary) {
    this.attention = attention;
    this.norms = norms;
    this.compute = compute;
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
    residual.normalise(weights, microBatch, buffers);
    project(weights, rows, buffers);
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
      DType type = residual.floatOutput() ? DType.F32 : compute.activation();
      stream.sigmoidGate(
          buffers.gates, rows, attention.queryWidth(), residual.output(buffers), type);
    }
    residual.add(weights, Weight.ATTENTION_OUTPUT, microBatch, buffers);
  }

  private void project(LayerWeights weights, int rows, Activations buffers) {
    residual.project(weights, Weight.QUERY, Weight.QUERY_BIAS, rows, buffers, buffers.queries);
    residual.project(weights, Weight.KEY, Weight.KEY_BIAS, rows, buffers, buffers.keys);
    residual.project(weights, Weight.VALUE, Weight.VALUE_BIAS, rows, buffers, buffers.values);
    if (attention.outputGate()) {
      residual.project(
          weights, Weight.QUERY_GATE, Weight.QUERY_GATE_BIAS, rows, buffers, buffers.gates);
    }
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
            residual.floatOutput());
    stream.attention(
        buffers.queries, spec, kv, place, microBatch.attention(), residual.output(buffers));
  }
}
