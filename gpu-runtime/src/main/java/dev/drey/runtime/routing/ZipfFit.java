package dev.drey.runtime.routing;

import java.util.Arrays;

/**
 * The exponent of Zipf's law over a known number of ranks, by maximum likelihood: the one under
 * which the expected logarithm of the rank is the mean that was counted (Clauset, Shalizi and
 * Newman, arXiv 0706.1062).
 */
final class ZipfFit {
  private static final double MOST = 20;
  private static final int HALVINGS = 60;

  private ZipfFit() {}

  /**
   * Fits.
   *
   * @param counts of each kind, in any order; at least one is positive
   * @return from 0 to 20
   */
  static double exponent(long[] counts) {
    long[] rising = counts.clone();
    Arrays.sort(rising);
    double sum = 0;
    double total = 0;
    for (int rank = 0; rank < rising.length; rank++) {
      long count = rising[rising.length - 1 - rank];
      sum += count * Math.log(rank + 1.0);
      total += count;
    }
    double low = 0;
    double high = MOST;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      boolean tooFlat = expectedLog(rising.length, middle) > sum / total;
      low = tooFlat ? middle : low;
      high = tooFlat ? high : middle;
    }
    return low;
  }

  private static double expectedLog(int ranks, double exponent) {
    double sum = 0;
    double total = 0;
    for (int rank = 1; rank <= ranks; rank++) {
      double weight = Math.pow(rank, -exponent);
      sum += weight * Math.log(rank);
      total += weight;
    }
    return sum / total;
  }
}
