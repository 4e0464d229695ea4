package dev.drey.runtime.sampling;

/**
 * Reductions over a row of logits. Fixed order: blocks of {@value #BLOCK} are summed from the left
 * in double, then the blocks' sums from the left.
 */
final class LogSoftmax {
  private static final int BLOCK = 1024;

  private LogSoftmax() {}

  /** Sum of {@code exp((logit - max) / temperature)}; {@code max} is the largest logit. */
  static double sumExp(float[] logits, int count, float max, double temperature) {
    double total = 0;
    for (int start = 0; start < count; start += BLOCK) {
      double sum = 0;
      for (int i = start; i < Math.min(start + BLOCK, count); i++) {
        sum += Exponential.of(((double) logits[i] - max) / temperature);
      }
      total += sum;
    }
    return total;
  }

  /**
   * Logarithm of the sum of {@code exp(logit - max)}. A log-probability is {@code (logit - max)}
   * less this number, in this order: adding a large {@code max} first would cost digits.
   */
  static double logSum(float[] logits, int count, float max) {
    return StrictMath.log(sumExp(logits, count, max, 1));
  }
}
