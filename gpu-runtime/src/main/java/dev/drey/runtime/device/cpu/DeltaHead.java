package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.GatedDeltaRule;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * One key head of the gated delta rule with its value heads, on one worker's heap. Its channels are
 * its query's, its key's and its values', in this order.
 */
final class DeltaHead {
  private static final double UNIT_EPSILON = 1e-6;

  private final Worker worker;

  private GatedDeltaRule shape;
  private DeltaNumbers numbers;
  private int keyHead;
  private int keyWidth;
  private int valueWidth;
  private int valueHeads;
  private int firstValueHead;
  private int channels;
  private int past;
  private float[] taps = {};
  private float[] history = {};
  private float[] matrices = {};
  private float[] fresh = {};
  private float[] mixed = {};
  private float[] sigmoid = {};
  private float[] gates = {};
  private float[] seen = {};
  private float[] attended = {};

  @SuppressWarnings("NullAway.Init") // set by open
  DeltaHead(Worker worker) {
    this.worker = worker;
  }

  /**
   * Loads weights and state.
   *
   * @param slot state of the sequence
   * @param zero whether it starts from zeros instead
   */
  void open(GatedDeltaRule rule, DeltaNumbers from, int head, FloatBuffer slot, boolean zero) {
    shape = rule;
    numbers = from;
    keyHead = head;
    keyWidth = rule.keyWidth();
    valueWidth = rule.valueWidth();
    valueHeads = rule.valueHeads() / rule.keyHeads();
    firstValueHead = head * valueHeads;
    channels = 2 * keyWidth + valueHeads * valueWidth;
    past = rule.kernel() - 1;
    widen();
    loadTaps();
    if (zero) {
      Arrays.fill(history, 0, past * channels, 0);
      Arrays.fill(matrices, 0, valueHeads * keyWidth * valueWidth, 0);
      return;
    }
    for (int tap = 0; tap < past; tap++) {
      int to = tap * channels;
      slot.get(firstPast(tap, queryChannel()), history, to, keyWidth);
      slot.get(firstPast(tap, keyChannel()), history, to + keyWidth, keyWidth);
      slot.get(firstPast(tap, valueChannel()), history, to + 2 * keyWidth, valueHeads * valueWidth);
    }
    slot.get(firstMatrix(), matrices, 0, valueHeads * keyWidth * valueWidth);
  }

  /** Stores the state. */
  void close(FloatBuffer slot) {
    for (int tap = 0; tap < past; tap++) {
      int from = tap * channels;
      slot.put(firstPast(tap, queryChannel()), history, from, keyWidth);
      slot.put(firstPast(tap, keyChannel()), history, from + keyWidth, keyWidth);
      slot.put(
          firstPast(tap, valueChannel()), history, from + 2 * keyWidth, valueHeads * valueWidth);
    }
    slot.put(firstMatrix(), matrices, 0, valueHeads * keyWidth * valueWidth);
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

  private int firstPast(int tap, int channel) {
    return tap * shape.channels() + channel;
  }

  private int firstMatrix() {
    return past * shape.channels() + firstValueHead * keyWidth * valueWidth;
  }

  private void widen() {
    int matrixNumbers = valueHeads * keyWidth * valueWidth;
    if (mixed.length < channels || history.length < past * channels) {
      taps = new float[(past + 1) * channels];
      history = new float[past * channels];
      fresh = new float[channels];
      mixed = new float[channels];
      sigmoid = new float[channels];
      gates = new float[channels];
      attended = new float[channels];
    }
    if (matrices.length < matrixNumbers) {
      matrices = new float[matrixNumbers];
    }
    if (seen.length < valueWidth) {
      seen = new float[valueWidth];
    }
    worker.widen(channels);
  }

  /** Taps of the same distance one behind the other, so that loops run over channels. */
  private void loadTaps() {
    loadTaps(queryChannel(), 0, keyWidth);
    loadTaps(keyChannel(), keyWidth, keyWidth);
    loadTaps(valueChannel(), 2 * keyWidth, valueHeads * valueWidth);
  }

  private void loadTaps(int firstChannel, int to, int count) {
    for (int channel = 0; channel < count; channel++) {
      for (int tap = 0; tap <= past; tap++) {
        int from = (firstChannel + channel) * (past + 1) + tap;
        taps[tap * channels + to + channel] = numbers.convolution().get(from);
      }
    }
  }

  /** Takes one token further. */
  void token(int row) {
    int keys = shape.keyHeads() * keyWidth;
    int values = valueHeads * valueWidth;
    int firstValue = row * shape.values() + firstValueHead * valueWidth;
    numbers.queries().get(row * keys + queryChannel(), fresh, 0, keyWidth);
    numbers.keys().get(row * keys + queryChannel(), fresh, keyWidth, keyWidth);
    numbers.values().get(firstValue, fresh, 2 * keyWidth, values);
    convolve();
    toUnit(0, 1 / Math.sqrt(keyWidth));
    toUnit(keyWidth, 1);
    for (int head = 0; head < valueHeads; head++) {
      attend(row * shape.valueHeads() + firstValueHead + head, head);
      numbers.norm().apply(attended, head * valueWidth, valueWidth);
    }
    numbers.gate().get(firstValue, gates, 0, values);
    System.arraycopy(gates, 0, sigmoid, 0, values);
    worker.sigmoid(sigmoid, values);
    RowMath.multiply(gates, sigmoid, values);
    RowMath.multiply(attended, gates, values);
    worker.store(attended, 0, values, numbers.out(), firstValue);
  }

  /** Convolution and SiLU from {@link #fresh} and {@link #history} to {@link #mixed}. */
  private void convolve() {
    Arrays.fill(mixed, 0, channels, 0);
    for (int tap = 0; tap < past; tap++) {
      RowMath.addProduct(mixed, 0, history, tap * channels, taps, tap * channels, channels);
    }
    RowMath.addProduct(mixed, 0, fresh, 0, taps, past * channels, channels);
    if (past > 0) {
      System.arraycopy(history, channels, history, 0, (past - 1) * channels);
      System.arraycopy(fresh, 0, history, (past - 1) * channels, channels);
    }
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
    int matrix = head * keyWidth * valueWidth;
    Arrays.fill(seen, 0, valueWidth, 0);
    for (int key = 0; key < keyWidth; key++) {
      RowMath.addScaled(
          seen, 0, matrices, matrix + key * valueWidth, valueWidth, mixed[keyWidth + key]);
    }
    int value = 2 * keyWidth + head * valueWidth;
    for (int i = 0; i < valueWidth; i++) {
      seen[i] = (mixed[value + i] - seen[i] * decay) * strength;
    }
    int to = head * valueWidth;
    Arrays.fill(attended, to, to + valueWidth, 0);
    for (int key = 0; key < keyWidth; key++) {
      int at = matrix + key * valueWidth;
      RowMath.decayAndAdd(matrices, at, decay, seen, valueWidth, mixed[keyWidth + key]);
      RowMath.addScaled(attended, to, matrices, at, valueWidth, mixed[key]);
    }
  }

  private float decay(int gateAt, int head) {
    double rate = StrictMath.exp(numbers.decayRate().get(head));
    double shifted = numbers.decay().get(gateAt) + (double) numbers.decayBias().get(head);
    double softplus = shifted > 20 ? shifted : StrictMath.log1p(StrictMath.exp(shifted));
    return (float) StrictMath.exp(-rate * softplus);
  }
}
