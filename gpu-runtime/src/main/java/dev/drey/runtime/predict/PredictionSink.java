package dev.drey.runtime.predict;

/** Takes what a predictor says. */
@FunctionalInterface
public interface PredictionSink {
  /**
   * Experts that a later layer of the running step is likely to need. At most one call per target
   * layer and event; nearer layers first.
   *
   * @param targetLayer decoder layer
   * @param count how many entries count; nothing is predicted if 0
   * @param experts likeliest first, each once; only read during the call
   * @param scores of each, falling, none negative; comparable only within one call
   */
  void predicted(int targetLayer, int count, int[] experts, float[] scores);
}
