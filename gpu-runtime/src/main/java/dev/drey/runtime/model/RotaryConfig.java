package dev.drey.runtime.model;

/**
 * A rotary position embedding (Su et al., RoFormer, arXiv 2104.09864).
 *
 * @param dims leading dimensions of a head that are rotated, even; the others stay
 * @param interleaved whether neighbours are rotated against each other; otherwise the first half
 *     against the second
 * @param theta base of the frequencies
 * @param scaling how the frequencies are changed
 */
public record RotaryConfig(int dims, boolean interleaved, double theta, RotaryScaling scaling) {
  public RotaryConfig {
    if (dims < 2 || dims % 2 != 0) {
      throw new IllegalArgumentException("rotary dimensions must be even and positive: " + dims);
    }
  }

  /** The plain form over whole heads, halves against each other. */
  public static RotaryConfig plain(int dims, double theta) {
    return new RotaryConfig(dims, false, theta, new RotaryScaling.None());
  }
}
