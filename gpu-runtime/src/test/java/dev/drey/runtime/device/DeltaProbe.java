package dev.drey.runtime.device;

import dev.drey.runtime.model.GatedDeltaRule;
import java.util.Arrays;
import java.util.List;

/** Inputs of one sequence and the layer's weights. */
final class DeltaProbe {
  final GatedDeltaRule shape;
  final float[] queries;
  final float[] keys;
  final float[] values;
  final float[] gate;
  final float[] strength;
  final float[] decay;
  final float[] convolution;
  final float[] decayRate;
  final float[] decayBias;
  final float[] norm;
  private final Rig rig;

  DeltaProbe(Rig rig, GatedDeltaRule shape, int length, long seed) {
    this.rig = rig;
    this.shape = shape;
    int keyNumbers = length * shape.keyHeads() * shape.keyWidth();
    this.queries = Numbers.floats(seed, keyNumbers);
    this.keys = Numbers.floats(seed + 1, keyNumbers);
    this.values = Numbers.floats(seed + 2, length * shape.values());
    this.gate = Numbers.floats(seed + 3, length * shape.values());
    this.strength = Numbers.floats(seed + 4, length * shape.valueHeads());
    this.decay = Numbers.floats(seed + 5, length * shape.valueHeads());
    this.convolution = Numbers.floats(6, shape.channels() * shape.kernel());
    this.decayRate = Numbers.floats(7, shape.valueHeads());
    this.decayBias = Numbers.floats(8, shape.valueHeads());
    this.norm = Numbers.floats(9, shape.valueWidth());
  }

  StateStore store(int slots) {
    return rig.own(rig.device.newStateStore(rig.budget, 2, slots, shape.stateNumbers()));
  }

  DeltaWeights weights() {
    return weights(false);
  }

  private DeltaWeights weights(boolean floatOutput) {
    return new DeltaWeights(
        shape,
        rig.floats(convolution),
        rig.floats(decayRate),
        rig.floats(decayBias),
        Norm.rms(rig.floats(norm), 1e-6f),
        floatOutput);
  }

  /** Runs rows {@code from} to {@code to}, behind {@code gap} rows of garbage. */
  float[] run(StateStore store, int from, int to, int slot, int gap) {
    int rows = gap + to - from;
    DeviceBuffer out = run(store, from, to, slot, gap, false);
    return Numbers.rows(rig.readActivations(out, rows * shape.values()), shape.values(), gap, rows);
  }

  /** Runs the first rows and leaves the results in float32. */
  float[] runToFloats(StateStore store, int rows) {
    return rig.read(run(store, 0, rows, 0, 0, true), rows * shape.values());
  }

  private DeviceBuffer run(
      StateStore store, int from, int to, int slot, int gap, boolean floatOutput) {
    DeviceBuffer out = rig.space((gap + to - from) * shape.values());
    AttentionBatch batch =
        new AttentionBatch(
            List.of(new AttentionBatch.Span(gap, to - from, from, new int[0], slot)));
    DeltaInput input =
        new DeltaInput(
            part(queries, shape.keyHeads() * shape.keyWidth(), from, to, gap),
            part(keys, shape.keyHeads() * shape.keyWidth(), from, to, gap),
            part(values, shape.values(), from, to, gap),
            part(gate, shape.values(), from, to, gap),
            part(strength, shape.valueHeads(), from, to, gap),
            part(decay, shape.valueHeads(), from, to, gap));
    rig.stream.gatedDelta(input, weights(floatOutput), store, 1, batch, out);
    return out;
  }

  private DeviceBuffer part(float[] matrix, int width, int from, int to, int gap) {
    float[] part = new float[(gap + to - from) * width];
    Arrays.fill(part, 0, gap * width, Float.NaN);
    System.arraycopy(matrix, from * width, part, gap * width, (to - from) * width);
    return rig.floats(part);
  }

  /** The same rows of this sequence and of another, one behind the other. */
  DeltaInput joined(DeltaProbe other, int from, int to) {
    return new DeltaInput(
        both(queries, other.queries, shape.keyHeads() * shape.keyWidth(), from, to),
        both(keys, other.keys, shape.keyHeads() * shape.keyWidth(), from, to),
        both(values, other.values, shape.values(), from, to),
        both(gate, other.gate, shape.values(), from, to),
        both(strength, other.strength, shape.valueHeads(), from, to),
        both(decay, other.decay, shape.valueHeads(), from, to));
  }

  private DeviceBuffer both(float[] one, float[] other, int width, int from, int to) {
    float[] first = Numbers.rows(one, width, from, to);
    float[] joined = Arrays.copyOf(first, 2 * first.length);
    System.arraycopy(other, from * width, joined, first.length, first.length);
    return rig.floats(joined);
  }
}
