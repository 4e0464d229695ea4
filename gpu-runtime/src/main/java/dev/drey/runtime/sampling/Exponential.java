package dev.drey.runtime.sampling;

/**
 * {@code e^x} for {@code x <= 0} with the same bits on every machine: plain double arithmetic in a
 * fixed order, which Java evaluates strictly since release 17. A library's {@code exp} may differ
 * by a unit in the last place between processors; {@code StrictMath.exp} does not, but is several
 * times slower over a vocabulary.
 *
 * <p>Table-driven (Tang: "Table-driven implementation of the exponential function in IEEE
 * floating-point arithmetic", ACM TOMS 15(2), 1989): {@code x = (64 m + j) ln2/64 + r}, {@code e^x
 * = 2^m 2^(j/64) e^r} with a polynomial of degree 5 for {@code |r| <= ln2/128}. Relative error
 * below 1e-15.
 */
final class Exponential {
  private static final int TABLE_BITS = 6;
  private static final int TABLE_SIZE = 1 << TABLE_BITS;
  private static final double PARTS_PER_UNIT = TABLE_SIZE / 0.6931471805599453;

  /** ln2/64 in two parts, the first with trailing zeros so that its multiples are exact. */
  private static final double PART_HIGH = 0x1.62e42fefap-7;

  private static final double PART_LOW = 0x1.cf79abc9e3b39p-46;

  /** Adding it rounds to an integer, which then stands in the low bits. */
  private static final double ROUNDER = 0x1.8p52;

  /** Below, the result would not be a normal number any more; 0 is returned. */
  private static final double SMALLEST = -708;

  private static final double[] POWERS = powers();

  private Exponential() {}

  /**
   * The exponential.
   *
   * @param x at most 0; minus infinity gives 0
   */
  static double of(double x) {
    if (x < SMALLEST) {
      return 0;
    }
    double shifted = x * PARTS_PER_UNIT + ROUNDER;
    int parts = (int) Double.doubleToRawLongBits(shifted);
    double whole = shifted - ROUNDER;
    double r = (x - whole * PART_HIGH) - whole * PART_LOW;
    double p = r + r * r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120))));
    double fraction = POWERS[parts & (TABLE_SIZE - 1)];
    double scale = Double.longBitsToDouble((long) ((parts >> TABLE_BITS) + 1023) << 52);
    return (fraction + fraction * p) * scale;
  }

  private static double[] powers() {
    double[] table = new double[TABLE_SIZE];
    for (int j = 0; j < TABLE_SIZE; j++) {
      table[j] = StrictMath.pow(2, j / (double) TABLE_SIZE);
    }
    return table;
  }
}
