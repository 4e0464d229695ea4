package dev.drey.runtime.schedule;

/**
 * How many rows fit into a given time, by what steps took so far. A step costs a fixed part (expert
 * weights that are read or computed however few tokens want them) and a part per row; both come
 * from a least-squares line through past steps, each weighing {@value #KEEP} of the one after it.
 * While all steps had about the same size no line can be told apart, and the time per row is taken
 * for all of it.
 *
 * <p>Changes speed, never results.
 */
final class StepPace {
  private static final double KEEP = 0.9;

  /** Smallest spread of step sizes, relative to their mean, that carries a line. */
  private static final double SMALLEST_SPREAD = 0.05;

  private double weight;
  private double rows;
  private double nanos;
  private double rowsRows;
  private double rowsNanos;

  /** Takes a finished step into account. */
  void observe(int stepRows, long stepNanos) {
    weight = KEEP * weight + 1;
    rows = KEEP * rows + stepRows;
    nanos = KEEP * nanos + stepNanos;
    rowsRows = KEEP * rowsRows + (double) stepRows * stepRows;
    rowsNanos = KEEP * rowsNanos + (double) stepRows * stepNanos;
  }

  /**
   * Most rows whose step should stay within a time; a line is not trusted beyond twice the usual
   * size of a step.
   *
   * @param unknown the answer while no step was observed, and what may always be trusted
   */
  int rowsWithin(long limitNanos, int unknown) {
    if (weight == 0 || nanos <= 0) {
      return unknown;
    }
    double meanRows = rows / weight;
    double meanNanos = nanos / weight;
    double variance = rowsRows / weight - meanRows * meanRows;
    double perRow = (rowsNanos / weight - meanRows * meanNanos) / variance;
    double fixed = meanNanos - perRow * meanRows;
    double spread = SMALLEST_SPREAD * meanRows;
    if (!(variance > spread * spread) || perRow <= 0 || fixed < 0) {
      perRow = meanNanos / meanRows;
      fixed = 0;
    }
    double fit = (limitNanos - fixed) / perRow;
    return (int) Math.max(0, Math.min(fit, Math.max(unknown, 2 * meanRows)));
  }
}
