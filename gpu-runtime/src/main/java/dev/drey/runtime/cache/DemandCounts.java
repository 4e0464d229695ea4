package dev.drey.runtime.cache;

/**
 * Counts that fade: whenever a layer is demanded, all counts of that layer are multiplied by a
 * factor below 1 and those of the members grow. So a layer's counts speak of its last demands, and
 * an expert that is not used any more is forgotten, however often it was used.
 */
final class DemandCounts {
  /** Below this a count is 0: no use of the last thousands of demands is left in it. */
  private static final double NOTHING = 1e-30;

  private DemandCounts() {}

  /**
   * Lets the counts of a layer fade.
   *
   * @param from the layer's first number
   * @param to behind its last number
   */
  static void fade(double[] counts, int from, int to, double factor) {
    for (int expert = from; expert < to; expert++) {
      double faded = counts[expert] * factor;
      counts[expert] = faded < NOTHING ? 0 : faded;
    }
  }
}
