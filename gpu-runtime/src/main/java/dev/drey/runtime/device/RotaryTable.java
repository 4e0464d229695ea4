package dev.drey.runtime.device;

/**
 * Cosines and sines of the rotary embedding, float32, computed once in double precision so that
 * every device starts from the same numbers. Entry {@code position * (headDim / 2) + i}.
 */
public final class RotaryTable {
  private final int headDim;
  private final int positions;
  private final float[] cos;
  private final float[] sin;

  private RotaryTable(int headDim, int positions) {
    this.headDim = headDim;
    this.positions = positions;
    this.cos = new float[positions * headDim / 2];
    this.sin = new float[positions * headDim / 2];
  }

  /**
   * The plain rotary embedding (Su et al., RoFormer): frequency {@code i} is {@code theta^(-2i /
   * headDim)}. Like the published models' reference, the inverse frequency and the angle are
   * rounded to float32 before the cosine is taken.
   *
   * @param headDim width of a head, even
   * @param positions positions 0 to {@code positions - 1}
   * @param theta base of the frequencies
   */
  public static RotaryTable plain(int headDim, int positions, double theta) {
    RotaryTable table = new RotaryTable(headDim, positions);
    int half = headDim / 2;
    for (int i = 0; i < half; i++) {
      float inverse = 1.0f / (float) Math.pow((float) theta, 2.0f * i / headDim);
      for (int position = 0; position < positions; position++) {
        float angle = position * inverse;
        table.cos[position * half + i] = (float) StrictMath.cos(angle);
        table.sin[position * half + i] = (float) StrictMath.sin(angle);
      }
    }
    return table;
  }

  /** Width of a head. */
  public int headDim() {
    return headDim;
  }

  /** Number of positions covered. */
  public int positions() {
    return positions;
  }

  /** Cosines; must not be modified. */
  public float[] cos() {
    return cos;
  }

  /** Sines; must not be modified. */
  public float[] sin() {
    return sin;
  }
}
