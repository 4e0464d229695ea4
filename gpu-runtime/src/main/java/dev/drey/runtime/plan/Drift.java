package dev.drey.runtime.plan;

import java.util.Arrays;

/**
 * How far a quantity has drifted from what was planned, as a ratio that changes rarely: only once
 * {@value #WINDOWS} windows in a row have lain on one side of the ratio in use by more than a
 * factor of {@value #BAND}. It then becomes their median, or 1 again if that is within the band
 * around 1. So a stall that falls into one window changes nothing, nor does noise within the band,
 * and what is planned never swings with it.
 *
 * <p>The band is about the error of the {@link StepModel} from one kind of step to another; a plan
 * changes little for less.
 */
final class Drift {
  static final double BAND = 1.25;
  static final int WINDOWS = 3;

  private final double[] recent = new double[WINDOWS];
  private int count;
  private double ratio = 1;

  /** The ratio in use, 1 as planned. */
  double ratio() {
    return ratio;
  }

  /**
   * Takes what a window showed into account.
   *
   * @return whether the ratio in use is another now
   */
  boolean observe(double measured) {
    int side = side(measured, ratio);
    if (side == 0 || (count > 0 && side(recent[count - 1], ratio) != side)) {
      count = 0;
    }
    if (side == 0) {
      return false;
    }
    recent[count++] = measured;
    if (count < WINDOWS) {
      return false;
    }
    Arrays.sort(recent);
    double median = recent[WINDOWS / 2];
    ratio = side(median, 1) == 0 ? 1 : median;
    count = 0;
    return true;
  }

  /** -1 below the band around a ratio, 1 above, 0 within. */
  private static int side(double measured, double around) {
    return measured > around * BAND ? 1 : measured < around / BAND ? -1 : 0;
  }
}
