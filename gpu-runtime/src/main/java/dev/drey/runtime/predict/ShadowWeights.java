package dev.drey.runtime.predict;

import java.util.Arrays;
import java.util.Optional;

/** The predictors that need a shadow model, and the precision of its experts. */
public enum ShadowWeights {
  /** Experts of 8 bits per weight. */
  INT8("shadow.int8", 8),
  /** Experts of 4 bits per weight. */
  INT4("shadow.int4", 4);

  private final String predictor;
  private final int bits;

  ShadowWeights(String predictor, int bits) {
    this.predictor = predictor;
    this.bits = bits;
  }

  /** Name of the predictor. */
  public String predictor() {
    return predictor;
  }

  /** Bits per weight of an expert. */
  public int bits() {
    return bits;
  }

  /** What the predictor of this name needs; empty if it needs no shadow model. */
  public static Optional<ShadowWeights> of(String predictor) {
    return Arrays.stream(values()).filter(weights -> weights.predictor.equals(predictor)).findAny();
  }
}
