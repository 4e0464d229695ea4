package dev.drey.runtime.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Softmax attention in which several query heads share a key/value head (Ainslie et al., arXiv
 * 2305.13245), with everything published models add to it.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; each serves {@code heads / kvHeads} query heads
 * @param headDim width of one head
 * @param scale factor on the scores
 * @param rotary position embedding; null for none
 * @param qkNorm whether queries and keys are normalised
 * @param visible which positions a query sees
 * @param bias whether query, key and value projections have a bias
 * @param outputBias whether the output projection has one
 * @param sinks whether each head has a learned score that takes part in the softmax alone
 * @param clip largest absolute value of queries, keys and values; 0 for no limit
 * @param temperature growth of queries with their position; null for none
 * @param outputGate whether outputs are multiplied by the sigmoid of one more projection
 */
public record GroupedQueryAttention(
    int heads,
    int kvHeads,
    int headDim,
    double scale,
    @Nullable RotaryConfig rotary,
    QkNorm qkNorm,
    KeyRange visible,
    boolean bias,
    boolean outputBias,
    boolean sinks,
    double clip,
    @Nullable QueryTemperature temperature,
    boolean outputGate)
    implements AttentionConfig {

  /** Starts from the common form: no extras, scores by {@code headDim^-0.5}. */
  public static Builder of(int heads, int kvHeads, int headDim, @Nullable RotaryConfig rotary) {
    return new Builder(heads, kvHeads, headDim, rotary);
  }

  /** Adds to the common form. */
  public static final class Builder {
    private final int heads;
    private final int kvHeads;
    private final int headDim;
    private @Nullable RotaryConfig rotary;
    private double scale;
    private QkNorm qkNorm = QkNorm.NONE;
    private KeyRange visible = KeyRange.ALL;
    private boolean bias;
    private boolean outputBias;
    private boolean sinks;
    private double clip;
    private @Nullable QueryTemperature temperature;
    private boolean outputGate;

    private Builder(int heads, int kvHeads, int headDim, @Nullable RotaryConfig rotary) {
      this.heads = heads;
      this.kvHeads = kvHeads;
      this.headDim = headDim;
      this.rotary = rotary;
      this.scale = 1 / Math.sqrt(headDim);
    }

    /** Another factor on the scores. */
    public Builder scale(double factor) {
      scale = factor;
      return this;
    }

    /** Normalises queries and keys. */
    public Builder qkNorm(QkNorm norm) {
      qkNorm = norm;
      return this;
    }

    /** Restricts what a query sees. */
    public Builder visible(KeyRange range) {
      visible = range;
      return this;
    }

    /** Biases on query, key and value projections, and on the output projection. */
    public Builder bias(boolean ofQkv, boolean ofOutput) {
      bias = ofQkv;
      outputBias = ofOutput;
      return this;
    }

    /** Sinks. */
    public Builder sinks() {
      sinks = true;
      return this;
    }

    /** Largest absolute value of queries, keys and values; 0 for no limit. */
    public Builder clip(double limit) {
      clip = limit;
      return this;
    }

    /** No position embedding; queries grow with their position instead, if anything is given. */
    public Builder withoutRotary(@Nullable QueryTemperature growth) {
      rotary = null;
      temperature = growth;
      return this;
    }

    /** A gate on the output. */
    public Builder outputGate() {
      outputGate = true;
      return this;
    }

    /** The result. */
    public GroupedQueryAttention build() {
      return new GroupedQueryAttention(
          heads,
          kvHeads,
          headDim,
          scale,
          rotary,
          qkNorm,
          visible,
          bias,
          outputBias,
          sinks,
          clip,
          temperature,
          outputGate);
    }
  }

  /** Width of all query heads together. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all key (or value) heads together. */
  public int kvWidth() {
    return kvHeads * headDim;
  }

  @Override
  public int keyDim() {
    return headDim;
  }

  @Override
  public int valueDim() {
    return headDim;
  }

  @Override
  public List<WeightShape> weights(int hidden) {
    List<WeightShape> weights = new ArrayList<>();
    weights.add(WeightShape.matrix(Weight.QUERY, queryWidth(), hidden));
    weights.add(WeightShape.matrix(Weight.KEY, kvWidth(), hidden));
    weights.add(WeightShape.matrix(Weight.VALUE, kvWidth(), hidden));
    weights.add(WeightShape.matrix(Weight.ATTENTION_OUTPUT, hidden, queryWidth()));
    if (bias) {
      weights.add(WeightShape.vector(Weight.QUERY_BIAS, queryWidth()));
      weights.add(WeightShape.vector(Weight.KEY_BIAS, kvWidth()));
      weights.add(WeightShape.vector(Weight.VALUE_BIAS, kvWidth()));
    }
    if (outputBias) {
      weights.add(WeightShape.vector(Weight.ATTENTION_OUTPUT_BIAS, hidden));
    }
    if (qkNorm.learned()) {
      boolean whole = qkNorm == QkNorm.WHOLE;
      weights.add(WeightShape.vector(Weight.QUERY_NORM, whole ? queryWidth() : headDim));
      weights.add(WeightShape.vector(Weight.KEY_NORM, whole ? kvWidth() : headDim));
    }
    if (sinks) {
      weights.add(WeightShape.vector(Weight.SINKS, heads));
    }
    if (outputGate) {
      weights.add(WeightShape.matrix(Weight.QUERY_GATE, queryWidth(), hidden));
      if (bias) {
        weights.add(WeightShape.vector(Weight.QUERY_GATE_BIAS, queryWidth()));
      }
    }
    return weights;
  }
}
