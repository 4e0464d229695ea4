package dev.drey.runtime.device;

import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;
import java.util.List;

/**
 * Cosines and sines of a rotary embedding, float32, computed once so that every device starts from
 * the same numbers. Like the published models' reference, inverse frequencies and angles are
 * rounded to float32 before the cosine is taken. Entry {@code row * (dims / 2) + i}; which row
 * belongs to a position, {@link #row} tells.
 */
public final class RotaryTable {
  private final RotaryConfig config;
  private final int positions;
  private final int longFrom;
  private final float[] cos;
  private final float[] sin;

  private RotaryTable(RotaryConfig config, int positions, int variants, int longFrom) {
    this.config = config;
    this.positions = positions;
    this.longFrom = longFrom;
    this.cos = new float[Math.multiplyExact(variants * positions, config.dims() / 2)];
    this.sin = new float[cos.length];
  }

  /**
   * Computes a table.
   *
   * @param positions positions 0 to {@code positions - 1}
   */
  public static RotaryTable of(RotaryConfig config, int positions) {
    double[] plain = Frequencies.plain(config.dims(), config.theta());
    if (config.scaling() instanceof RotaryScaling.LongRope scaling) {
      boolean both = positions > scaling.originalPositions();
      RotaryTable table =
          new RotaryTable(config, positions, both ? 2 : 1, scaling.originalPositions());
      table.fill(0, divided(plain, scaling.shortFactors()), scaling.shortMagnitude());
      if (both) {
        table.fill(1, divided(plain, scaling.longFactors()), scaling.longMagnitude());
      }
      return table;
    }
    RotaryTable table = new RotaryTable(config, positions, 1, Integer.MAX_VALUE);
    double magnitude = config.scaling() instanceof RotaryScaling.Yarn yarn ? yarn.magnitude() : 1;
    table.fill(0, Frequencies.inverse(config), magnitude);
    return table;
  }

  /** The plain embedding over whole heads. */
  public static RotaryTable plain(int headDim, int positions, double theta) {
    return of(RotaryConfig.plain(headDim, theta), positions);
  }

  private static double[] divided(double[] plainInverse, List<Double> factors) {
    double[] inverse = new double[plainInverse.length];
    for (int i = 0; i < inverse.length; i++) {
      float frequency = (float) (1 / plainInverse[i]);
      inverse[i] = 1 / (factors.get(i).floatValue() * frequency);
    }
    return inverse;
  }

  private void fill(int variant, double[] inverse, double magnitude) {
    int half = inverse.length;
    for (int i = 0; i < half; i++) {
      for (int position = 0; position < positions; position++) {
        float angle = position * (float) inverse[i];
        int at = (variant * positions + position) * half + i;
        cos[at] = (float) StrictMath.cos(angle) * (float) magnitude;
        sin[at] = (float) StrictMath.sin(angle) * (float) magnitude;
      }
    }
  }

  /**
   * The row of a position.
   *
   * @param position at most the positions that the table was made for, less one
   * @param longest positions that the sequence can ever have
   */
  public int row(int position, int longest) {
    return longest > longFrom ? positions + position : position;
  }

  /** Leading dimensions of a head that are rotated. */
  public int dims() {
    return config.dims();
  }

  /** Whether neighbours are rotated against each other, in place of halves. */
  public boolean interleaved() {
    return config.interleaved();
  }

  /** Number of rows. */
  public int rows() {
    return cos.length / (config.dims() / 2);
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
