package dev.drey.runtime.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linear attention by the gated delta rule (Yang et al., arXiv 2412.06464): a short causal
 * convolution over queries, keys and values, then one matrix of state per value head that decays
 * and is corrected by each token. The state is per sequence and is rebuilt token by token.
 *
 * @param keyHeads query and key heads
 * @param valueHeads value heads, a multiple of the key heads
 * @param keyWidth width of a query or key
 * @param valueWidth width of a value
 * @param kernel taps of the convolution
 */
public record GatedDeltaRule(int keyHeads, int valueHeads, int keyWidth, int valueWidth, int kernel)
    implements AttentionConfig {

  /** Numbers per token that the convolution runs over: queries, keys, values. */
  public int channels() {
    return 2 * keyHeads * keyWidth + values();
  }

  /** Numbers per token of all value heads. */
  public int values() {
    return valueHeads * valueWidth;
  }

  /** Numbers of state per sequence: the convolution's past inputs, then the heads' matrices. */
  public int stateNumbers() {
    return channels() * (kernel - 1) + valueHeads * keyWidth * valueWidth;
  }

  /** Always null: the recurrence knows the order of tokens by itself. */
  @Override
  public @Nullable RotaryConfig rotary() {
    return null;
  }

  @Override
  public int kvHeads() {
    return 0;
  }

  @Override
  public int keyDim() {
    return 0;
  }

  @Override
  public int valueDim() {
    return 0;
  }

  @Override
  public List<WeightShape> weights(int hidden) {
    return List.of(
        WeightShape.matrix(Weight.DELTA_QUERY, keyHeads * keyWidth, hidden),
        WeightShape.matrix(Weight.DELTA_KEY, keyHeads * keyWidth, hidden),
        WeightShape.matrix(Weight.DELTA_VALUE, values(), hidden),
        WeightShape.matrix(Weight.DELTA_GATE, values(), hidden),
        WeightShape.matrix(Weight.DELTA_STRENGTH, valueHeads, hidden),
        WeightShape.matrix(Weight.DELTA_DECAY, valueHeads, hidden),
        WeightShape.table(Weight.DELTA_CONVOLUTION, channels(), kernel),
        WeightShape.vector(Weight.DELTA_DECAY_RATE, valueHeads),
        WeightShape.vector(Weight.DELTA_DECAY_BIAS, valueHeads),
        WeightShape.vector(Weight.DELTA_NORM, valueWidth),
        WeightShape.matrix(Weight.DELTA_OUTPUT, hidden, values()));
  }
}
