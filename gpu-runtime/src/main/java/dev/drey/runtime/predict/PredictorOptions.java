package dev.drey.runtime.predict;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Settings that predictors share; each reads those that mean something to it.
 *
 * @param lookahead how many layers with experts to look ahead; 0 for the predictor's own choice
 * @param capacity entries of a predictor's collection; 0 for the predictor's own choice
 * @param file what a trained predictor was trained to; null if there is none
 * @param alignment how a shadow model is kept in step
 */
public record PredictorOptions(
    int lookahead, int capacity, @Nullable String file, ShadowAlignment alignment)
    implements Serializable {
  /** Every predictor's own choice. */
  public static final PredictorOptions DEFAULT = new PredictorOptions(0, 0);

  /** Most entries of a collection. */
  public static final int MAX_CAPACITY = 10_000;

  /** Without a file. */
  public PredictorOptions(int lookahead, int capacity) {
    this(lookahead, capacity, null);
  }

  /** With a shadow model, if there is one, that never leaves the model's path. */
  public PredictorOptions(int lookahead, int capacity, @Nullable String file) {
    this(lookahead, capacity, file, ShadowAlignment.EVERY_TOKEN);
  }

  /** Checks the numbers. */
  public PredictorOptions {
    if (lookahead < 0 || capacity < 0 || capacity > MAX_CAPACITY) {
      throw new IllegalArgumentException(
          "a predictor needs a lookahead from 0 and a capacity of 0 to %d; found %d and %d"
              .formatted(MAX_CAPACITY, lookahead, capacity));
    }
  }

  /** The lookahead, or this if it is the predictor's choice. */
  int lookaheadOr(int choice) {
    return lookahead == 0 ? choice : lookahead;
  }

  /** The capacity, or this if it is the predictor's choice. */
  int capacityOr(int choice) {
    return capacity == 0 ? choice : capacity;
  }
}
