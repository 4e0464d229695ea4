package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
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
    residual.normalise(weights, microBatch, buffers);
    residual.project(weights, Weight.DELTA_QUERY, rows, buffers, buffers.queries);
    residual.project(weights, Weight.DELTA_KEY, rows, buffers, buffers.keys);
    residual.project(weights, Weight.DELTA_VALUE, rows, buffers, buffers.values);
    residual.project(weights, Weight.DELTA_GATE, rows, buffers, buffers.gates);
    residual.project(weights, Weight.DELTA_STRENGTH, rows, buffers, buffers.strengths);
    residual.project(weights, Weight.DELTA_DECAY, rows, buffers, buffers.decays);
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
            weights.rmsNorm(Weight.DELTA_NORM),
            residual.floatOutput()),
        states,
        place,
        microBatch.attention(),
        residual.output(buffers));
    residual.add(weights, Weight.DELTA_OUTPUT, microBatch, buffers);
  }
}
