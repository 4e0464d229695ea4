package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.Weight;

/** Linear attention by the gated delta rule, see {@link GatedDeltaRule}. */
final class DeltaRuleLayer implements TokenMixer {
  private final GatedDeltaRule shape;
  private final ComputeStream stream;
  private final ResidualStream residual;
  private final StateStore states;

  DeltaRuleLayer(
      GatedDeltaRule shape, ComputeStream stream, ResidualStream residual, StateStore states) {
    this.shape = shape;
    this.stream = stream;
    this.residual = residual;
    this.states = states;
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
    project(weights, normed, rows, Weight.DELTA_QUERY, buffers.queries);
    project(weights, normed, rows, Weight.DELTA_KEY, buffers.keys);
    project(weights, normed, rows, Weight.DELTA_VALUE, buffers.values);
    project(weights, normed, rows, Weight.DELTA_GATE, buffers.gates);
    project(weights, normed, rows, Weight.DELTA_STRENGTH, buffers.strengths);
    project(weights, normed, rows, Weight.DELTA_DECAY, buffers.decays);
    stream.gatedDelta(
        new DeltaInput(
            buffers.queries,
            buffers.keys,
            buffers.values,
            buffers.gates,
            buffers.strengths,
            buffers.decays),
        new DeltaWeights(
            shape,
            weights.buffer(Weight.DELTA_CONVOLUTION),
            weights.buffer(Weight.DELTA_DECAY_RATE),
            weights.buffer(Weight.DELTA_DECAY_BIAS),
            weights.rmsNorm(Weight.DELTA_NORM)),
        states,
        place,
        microBatch.attention(),
        buffers.attended);
    residual.add(weights, Weight.DELTA_OUTPUT, microBatch, buffers);
  }

  private void project(
      LayerWeights weights, DeviceBuffer normed, int rows, Weight weight, DeviceBuffer out) {
    stream.matmul(normed, rows, weights.matrix(weight), null, out, false);
  }
}
