package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GatedDeltaRule;
import java.util.Arrays;

/** The gated delta rule, one token after the other, as its definition reads. */
final class ReferenceDelta {
  private static final double UNIT_EPSILON = 1e-6;

  private final DeltaWeights weights;
  private final GatedDeltaRule shape;
  private final HeapStateStore store;
  private final int layer;
  private final DType output;
  private final float[] state;

  ReferenceDelta(DeltaWeights weights, HeapStateStore store, int layer, DType activation) {
    this.weights = weights;
    this.shape = weights.shape();
    this.store = store;
    this.layer = layer;
    this.output = weights.floatOutput() ? DType.F32 : activation;
    this.state = new float[shape.stateNumbers()];
  }

  void token(DeltaInput input, AttentionBatch.Span span, int row, HeapBuffer out) {
    if (span.startPosition() + row == 0) {
      Arrays.fill(state, 0);
    } else {
      store.load(layer, span.stateSlot(), state);
    }
    int at = span.firstRow() + row;
    int keys = shape.keyHeads() * shape.keyWidth();
    float[] mixed = new float[shape.channels()];
    load(input.queries(), at, keys, mixed, 0);
    load(input.keys(), at, keys, mixed, keys);
    load(input.values(), at, shape.values(), mixed, 2 * keys);
    convolve(mixed);
    for (int head = 0; head < shape.keyHeads(); head++) {
      toUnit(mixed, head * shape.keyWidth(), 1 / Math.sqrt(shape.keyWidth()));
      toUnit(mixed, keys + head * shape.keyWidth(), 1);
    }
    for (int head = 0; head < shape.valueHeads(); head++) {
      float[] attended = head(input, at, head, mixed);
      ReferenceStream.normalise(attended, weights.norm());
      for (int i = 0; i < attended.length; i++) {
        long index = (long) at * shape.values() + (long) head * shape.valueWidth() + i;
        double gate = HeapBuffer.of(input.gate()).get(DType.F32, index);
        out.put(output, index, (float) (attended[i] * gate * ReferenceStream.sigmoid(gate)));
      }
    }
    store.store(layer, span.stateSlot(), state);
  }

  private static void load(DeviceBuffer from, int row, int width, float[] into, int offset) {
    for (int i = 0; i < width; i++) {
      into[offset + i] = HeapBuffer.of(from).get(DType.F32, (long) row * width + i);
    }
  }

  /** Past inputs lie oldest first, {@code kernel - 1} per channel. */
  private void convolve(float[] mixed) {
    HeapBuffer taps = HeapBuffer.of(weights.convolution());
    int past = shape.kernel() - 1;
    for (int channel = 0; channel < mixed.length; channel++) {
      double sum =
          (double) mixed[channel] * taps.get(DType.F32, (long) channel * (past + 1) + past);
      for (int tap = 0; tap < past; tap++) {
        sum +=
            (double) state[channel * past + tap]
                * taps.get(DType.F32, (long) channel * (past + 1) + tap);
      }
      for (int tap = 1; tap < past; tap++) {
        state[channel * past + tap - 1] = state[channel * past + tap];
      }
      if (past > 0) {
        state[channel * past + past - 1] = mixed[channel];
      }
      mixed[channel] = (float) (sum * ReferenceStream.sigmoid(sum));
    }
  }

  private void toUnit(float[] values, int from, double factor) {
    double squares = 0;
    for (int i = from; i < from + shape.keyWidth(); i++) {
      squares += (double) values[i] * values[i];
    }
    double scale = factor / Math.sqrt(squares + UNIT_EPSILON);
    for (int i = from; i < from + shape.keyWidth(); i++) {
      values[i] = (float) (values[i] * scale);
    }
  }

  private float[] head(DeltaInput input, int row, int head, float[] mixed) {
    int keyHead = head / (shape.valueHeads() / shape.keyHeads());
    int query = keyHead * shape.keyWidth();
    int key = shape.keyHeads() * shape.keyWidth() + query;
    int value = 2 * shape.keyHeads() * shape.keyWidth() + head * shape.valueWidth();
    int matrix =
        shape.channels() * (shape.kernel() - 1) + head * shape.keyWidth() * shape.valueWidth();
    long gateAt = (long) row * shape.valueHeads() + head;
    double strength =
        ReferenceStream.sigmoid(HeapBuffer.of(input.strength()).get(DType.F32, gateAt));
    double rate = StrictMath.exp(HeapBuffer.of(weights.decayRate()).get(DType.F32, head));
    double shifted =
        HeapBuffer.of(input.decay()).get(DType.F32, gateAt)
            + HeapBuffer.of(weights.decayBias()).get(DType.F32, head);
    double softplus = shifted > 20 ? shifted : StrictMath.log1p(StrictMath.exp(shifted));
    double decay = StrictMath.exp(-rate * softplus);
    float[] attended = new float[shape.valueWidth()];
    for (int v = 0; v < shape.valueWidth(); v++) {
      double seen = 0;
      for (int k = 0; k < shape.keyWidth(); k++) {
        int at = matrix + k * shape.valueWidth() + v;
        state[at] = (float) (state[at] * decay);
        seen += (double) state[at] * mixed[key + k];
      }
      double correction = (mixed[value + v] - seen) * strength;
      double sum = 0;
      for (int k = 0; k < shape.keyWidth(); k++) {
        int at = matrix + k * shape.valueWidth() + v;
        state[at] = (float) (state[at] + mixed[key + k] * correction);
        sum += (double) state[at] * mixed[query + k];
      }
      attended[v] = (float) sum;
    }
    return attended;
  }
}
