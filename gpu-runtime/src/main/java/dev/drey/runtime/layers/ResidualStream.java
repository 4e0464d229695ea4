package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;

/** How attention takes rows from the residual stream and gives its output back to it. */
final class ResidualStream {
  private final ModelConfig model;
  private final ComputeStream stream;

  ResidualStream(ModelConfig model, ComputeStream stream) {
    this.model = model;
    this.stream = stream;
  }

  /** Normalises a micro-batch's rows into {@link Activations#normed}. */
  DeviceBuffer normalise(
      LayerWeights weights, StepBatch.MicroBatch microBatch, Activations buffers) {
    stream.norm(
        buffers.hiddenRows(microBatch.firstRow(), microBatch.rows()),
        microBatch.rows(),
        model.hidden(),
        weights.norm(Weight.ATTENTION_NORM, Weight.ATTENTION_NORM_BIAS),
        buffers.normed);
    return buffers.normed;
  }

  /** Projects {@link Activations#attended} and adds the result. */
  void add(
      LayerWeights weights,
      Weight projection,
      StepBatch.MicroBatch microBatch,
      Activations buffers) {
    int rows = microBatch.rows();
    DeviceBuffer hidden = buffers.hiddenRows(microBatch.firstRow(), rows);
    boolean plain = model.multipliers().residual() == 1;
    stream.matmul(
        buffers.attended,
        rows,
        weights.matrix(projection),
        weights.bufferIfAny(Weight.ATTENTION_OUTPUT_BIAS),
        plain ? hidden : buffers.routerInput,
        plain);
    if (!plain) {
      float factor = model.multipliers().residual();
      stream.addScaled(buffers.routerInput, rows, model.hidden(), factor, hidden);
    }
  }
}
