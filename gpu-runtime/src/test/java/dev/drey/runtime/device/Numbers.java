package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.BFloat16;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Random inputs, the oracle's arithmetic in double, and comparisons. */
final class Numbers {
  /** Awkward numbers of rows. */
  static final int[] ROWS = {0, 1, 3, 4, 5, 31, 33, 130};

  private Numbers() {}

  /** Numbers between -1 and 1 that bfloat16 can hold. */
  static float[] bfloats(long seed, int count) {
    float[] values = floats(seed, count);
    for (int i = 0; i < count; i++) {
      values[i] = BFloat16.round(values[i]);
    }
    return values;
  }

  /** Numbers between -1 and 1. */
  static float[] floats(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return values;
  }

  static float[] rows(float[] matrix, int width, int from, int to) {
    return Arrays.copyOfRange(matrix, from * width, to * width);
  }

  /** A product's element and how far a float32 result may be off. */
  record Expected(double value, double tolerance) {
    void check(float actual, String what) {
      assertThat((double) actual).as(what).isBetween(value - tolerance, value + tolerance);
    }
  }

  /**
   * Row {@code row} of {@code x} times row {@code output} of {@code weights}, both of width {@code
   * inputs}. The tolerance is that of a float32 sum of so many terms in random order.
   */
  static Expected dot(float[] x, int row, float[] weights, int output, int inputs) {
    double sum = 0;
    double magnitude = 0;
    for (int i = 0; i < inputs; i++) {
      double term = (double) x[row * inputs + i] * weights[output * inputs + i];
      sum += term;
      magnitude += Math.abs(term);
    }
    return new Expected(sum, magnitude * Math.ulp(0.5f) * (4 + 2 * Math.sqrt(inputs)));
  }

  /** Compares bit by bit; any NaN equals any NaN. */
  static void assertSameBits(float[] actual, float[] expected, String what) {
    assertThat(actual.length).as(what).isEqualTo(expected.length);
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
        throw new AssertionError(
            "%s: element %d is %s (%08x), expected %s (%08x)"
                .formatted(
                    what,
                    i,
                    actual[i],
                    Float.floatToIntBits(actual[i]),
                    expected[i],
                    Float.floatToIntBits(expected[i])));
      }
    }
  }
}
