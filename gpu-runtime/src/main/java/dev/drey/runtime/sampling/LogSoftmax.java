package dev.drey.runtime.sampling;

/**
 * Reductions over a row of logits. Fixed order: blocks of {@value #BLOCK} are summed from the left
 * in double, then the blocks' sums from the left.
 */
final class LogSoftmax {
  private static final int BLOCK = 1024;

  private LogSoftmax() {}

  /**
   * Sum of {@code exp((logit - max) * scale)}.
   *
   * @param max the largest logit
   * @param scale finite and positive
   */
  static double sumExp(float[] logits, int count, float max, double scale) {
    double total = 0;
    for (int start = 0; start < count; start += BLOCK) {
      int end = Math.min(start + BLOCK, count);
      double sum = 0;
      for (int i = start; i < end; i++) {
        sum += Exponential.of(((double) logits[i] - max) * scale);
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
