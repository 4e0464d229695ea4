package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.GatedDeltaRule;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * One key head of the gated delta rule with its value heads, on one worker's heap. Its channels are
 * its query's, its key's and its values', in this order.
 *
 * <p>Every row of a matrix is an array of its own: loops without offsets become vector
 * instructions. Sums over keys run in groups of four, in rising order.
 */
final class DeltaHead {
  private static final double UNIT_EPSILON = 1e-6;

  private final Worker worker;
  private final GatedDeltaRule shape;
  private final int keyWidth;
  private final int valueWidth;
  private final int valueHeads;
  private final int channels;
  private final float[][] taps;
  private final float[][] history;
  private final float[][] matrices;
  private final float[] mixed;
  private final float[] sigmoid;
  private final float[] gates;
  private final float[] outputs;
  private final float[] correction;
  private final float[] attended;

  private DeltaNumbers numbers;
  private int keyHead;
  private int firstValueHead;

  @SuppressWarnings("NullAway.Init") // the numbers are set by open
  DeltaHead(Worker worker, GatedDeltaRule shape) {
    this.worker = worker;
    this.shape = shape;
    this.keyWidth = shape.keyWidth();
    this.valueWidth = shape.valueWidth();
    this.valueHeads = shape.valueHeads() / shape.keyHeads();
    this.channels = 2 * keyWidth + valueHeads * valueWidth;
    this.taps = new float[shape.kernel()][channels];
    this.history = new float[shape.kernel()][channels];
    this.matrices = new float[valueHeads * keyWidth][valueWidth];
    this.mixed = new float[channels];
    this.sigmoid = new float[channels];
    this.gates = new float[valueHeads * valueWidth];
    this.outputs = new float[valueHeads * valueWidth];
    this.correction = new float[valueWidth];
    this.attended = new float[valueWidth];
  }

  /**
   * Loads weights and state.
   *
   * @param head which key head
   * @param slot state of the sequence
   * @param zero whether it starts from zeros instead
   */
  void open(DeltaNumbers from, int head, FloatBuffer slot, boolean zero) {
    numbers = from;
    keyHead = head;
    firstValueHead = head * valueHeads;
    worker.widen(channels);
    loadTaps(queryChannel(), 0, keyWidth);
    loadTaps(keyChannel(), keyWidth, keyWidth);
    loadTaps(valueChannel(), 2 * keyWidth, valueHeads * valueWidth);
    for (int tap = 0; tap < shape.kernel() - 1; tap++) {
      if (zero) {
        Arrays.fill(history[tap], 0);
        continue;
      }
      int past = tap * shape.channels();
      slot.get(past + queryChannel(), history[tap], 0, keyWidth);
      slot.get(past + keyChannel(), history[tap], keyWidth, keyWidth);
      slot.get(past + valueChannel(), history[tap], 2 * keyWidth, valueHeads * valueWidth);
    }
    for (int row = 0; row < matrices.length; row++) {
      if (zero) {
        Arrays.fill(matrices[row], 0);
      } else {
        slot.get(firstMatrix() + row * valueWidth, matrices[row]);
      }
    }
  }

  private void loadTaps(int firstChannel, int to, int count) {
    for (int channel = 0; channel < count; channel++) {
      for (int tap = 0; tap < shape.kernel(); tap++) {
        int from = (firstChannel + channel) * shape.kernel() + tap;
        taps[tap][to + channel] = numbers.convolution().get(from);
      }
    }
  }

  /** Stores the state. */
  void close(FloatBuffer slot) {
    for (int tap = 0; tap < shape.kernel() - 1; tap++) {
      int past = tap * shape.channels();
      slot.put(past + queryChannel(), history[tap], 0, keyWidth);
      slot.put(past + keyChannel(), history[tap], keyWidth, keyWidth);
      slot.put(past + valueChannel(), history[tap], 2 * keyWidth, valueHeads * valueWidth);
    }
    for (int row = 0; row < matrices.length; row++) {
      slot.put(firstMatrix() + row * valueWidth, matrices[row]);
    }
  }

  private int queryChannel() {
    return keyHead * keyWidth;
  }

  private int keyChannel() {
    return shape.keyHeads() * keyWidth + keyHead * keyWidth;
  }

  private int valueChannel() {
    return 2 * shape.keyHeads() * keyWidth + firstValueHead * valueWidth;
  }

  private int firstMatrix() {
    return (shape.kernel() - 1) * shape.channels() + firstValueHead * keyWidth * valueWidth;
  }

  /** Takes one token further. */
  void token(int row) {
    int keys = row * shape.keyHeads() * keyWidth + queryChannel();
    int values = row * shape.values() + firstValueHead * valueWidth;
    float[] fresh = history[shape.kernel() - 1];
    numbers.queries().get(keys, fresh, 0, keyWidth);
    numbers.keys().get(keys, fresh, keyWidth, keyWidth);
    numbers.values().get(values, fresh, 2 * keyWidth, outputs.length);
    convolve();
    toUnit(0, 1 / Math.sqrt(keyWidth));
    toUnit(keyWidth, 1);
    for (int head = 0; head < valueHeads; head++) {
      attend(row * shape.valueHeads() + firstValueHead + head, head);
      numbers.norm().apply(attended, 0, valueWidth);
      System.arraycopy(attended, 0, outputs, head * valueWidth, valueWidth);
    }
    numbers.gate().get(values, gates, 0, outputs.length);
    System.arraycopy(gates, 0, sigmoid, 0, outputs.length);
    worker.sigmoid(sigmoid, outputs.length);
    RowMath.multiply(gates, sigmoid, outputs.length);
    RowMath.multiply(outputs, gates, outputs.length);
    worker.store(outputs, 0, outputs.length, numbers.out(), values);
  }

  /** Convolution and SiLU over the history, whose oldest row then makes room. */
  private void convolve() {
    Arrays.fill(mixed, 0);
    for (int tap = 0; tap < taps.length; tap++) {
      RowMath.addProduct(mixed, history[tap], taps[tap], channels);
    }
    float[] oldest = history[0];
    System.arraycopy(history, 1, history, 0, history.length - 1);
    history[history.length - 1] = oldest;
    System.arraycopy(mixed, 0, sigmoid, 0, channels);
    worker.sigmoid(sigmoid, channels);
    RowMath.multiply(mixed, sigmoid, channels);
  }

  private void toUnit(int from, double length) {
    float squares = RowMath.sumOfSquares(mixed, from, keyWidth);
    RowMath.scale(mixed, from, keyWidth, (float) (length / Math.sqrt(squares + UNIT_EPSILON)));
  }

  /** Corrects one value head's matrix and reads it. */
  private void attend(int gateAt, int head) {
    float strength = (float) (1 / (1 + StrictMath.exp(-numbers.strength().get(gateAt))));
    float decay = decay(gateAt, firstValueHead + head);
    int first = head * keyWidth;
    read(first, keyWidth, correction);
    int value = 2 * keyWidth + head * valueWidth;
    for (int i = 0; i < valueWidth; i++) {
      correction[i] = (mixed[value + i] - correction[i] * decay) * strength;
    }
    for (int key = 0; key < keyWidth; key++) {
      RowMath.decayAndAdd(
          matrices[first + key], decay, correction, valueWidth, mixed[keyWidth + key]);
    }
    read(first, 0, attended);
  }

  /**
   * The sum of a matrix's rows.
   *
   * @param first its first row
   * @param factor place in {@link #mixed} of the first row's factor
   */
  private void read(int first, int factor, float[] sum) {
    Arrays.fill(sum, 0);
    int key = 0;
    for (; key + 4 <= keyWidth; key += 4) {
      RowMath.addScaled(
          sum,
          matrices[first + key],
          mixed[factor + key],
          matrices[first + key + 1],
          mixed[factor + key + 1],
          matrices[first + key + 2],
          mixed[factor + key + 2],
          matrices[first + key + 3],
          mixed[factor + key + 3],
          valueWidth);
    }
    for (; key < keyWidth; key++) {
      RowMath.addScaled(sum, matrices[first + key], valueWidth, mixed[factor + key]);
    }
  }

  private float decay(int gateAt, int head) {
    double rate = StrictMath.exp(numbers.decayRate().get(head));
    double shifted = numbers.decay().get(gateAt) + (double) numbers.decayBias().get(head);
    double softplus = shifted > 20 ? shifted : StrictMath.log1p(StrictMath.exp(shifted));
    return (float) StrictMath.exp(-rate * softplus);
  }
}
