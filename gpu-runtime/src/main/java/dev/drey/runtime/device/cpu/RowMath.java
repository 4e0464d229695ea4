package dev.drey.runtime.device.cpu;

/**
 * Arithmetic on rows of float32 in heap arrays.
 *
 * <p>Every sum has the same tree for every row: element {@code i} goes to partial sum {@code i mod
 * 8} in rising order, then the partial sums are added in pairs at distance 4, 2 and 1. The compiler
 * may not reorder float arithmetic, so the bits are the same interpreted, compiled and vectorised.
 */
final class RowMath {
  private RowMath() {}

  /** Sum of squares. */
  static float sumOfSquares(float[] x, int from, int count) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int end = from + count;
    int i = from;
    for (; i + 8 <= end; i += 8) {
      s0 += x[i] * x[i];
      s1 += x[i + 1] * x[i + 1];
      s2 += x[i + 2] * x[i + 2];
      s3 += x[i + 3] * x[i + 3];
      s4 += x[i + 4] * x[i + 4];
      s5 += x[i + 5] * x[i + 5];
      s6 += x[i + 6] * x[i + 6];
      s7 += x[i + 7] * x[i + 7];
    }
    float rest = 0;
    for (; i < end; i++) {
      rest += x[i] * x[i];
    }
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)) + rest;
  }

  /** Sum. */
  static float sum(float[] x, int from, int count) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int end = from + count;
    int i = from;
    for (; i + 8 <= end; i += 8) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
      s4 += x[i + 4];
      s5 += x[i + 5];
      s6 += x[i + 6];
      s7 += x[i + 7];
    }
    float rest = 0;
    for (; i < end; i++) {
      rest += x[i];
    }
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)) + rest;
  }

  /** Largest element, or {@code atLeast} if that is larger. */
  static float max(float[] x, int from, int count, float atLeast) {
    float m0 = atLeast;
    float m1 = atLeast;
    float m2 = atLeast;
    float m3 = atLeast;
    int end = from + count;
    int i = from;
    for (; i + 4 <= end; i += 4) {
      m0 = x[i] > m0 ? x[i] : m0;
      m1 = x[i + 1] > m1 ? x[i + 1] : m1;
      m2 = x[i + 2] > m2 ? x[i + 2] : m2;
      m3 = x[i + 3] > m3 ? x[i + 3] : m3;
    }
    for (; i < end; i++) {
      m0 = x[i] > m0 ? x[i] : m0;
    }
    float even = m0 > m2 ? m0 : m2;
    float odd = m1 > m3 ? m1 : m3;
    return even > odd ? even : odd;
  }

  /** Replaces each element by {@code (x - max) * scale}. */
  static void shift(float[] x, int from, int count, float max, float scale) {
    for (int i = from; i < from + count; i++) {
      x[i] = (x[i] - max) * scale;
    }
  }

  /** Multiplies each element by {@code factor}. */
  static void scale(float[] x, int from, int count, float factor) {
    for (int i = from; i < from + count; i++) {
      x[i] *= factor;
    }
  }

  /** Limits each element to plus or minus {@code limit}; a NaN stays one. */
  static void clamp(float[] x, int from, int count, float limit) {
    for (int i = from; i < from + count; i++) {
      x[i] = Math.max(-limit, Math.min(limit, x[i]));
    }
  }

  /** {@code out[i] *= x[i]}. */
  static void multiply(float[] out, float[] x, int count) {
    for (int i = 0; i < count; i++) {
      out[i] *= x[i];
    }
  }

  /** Adds {@code term} to each element. */
  static void add(float[] x, int from, int count, float term) {
    for (int i = from; i < from + count; i++) {
      x[i] += term;
    }
  }

  /** {@code out[outFrom + i] += x[from + i]}. */
  static void add(float[] out, int outFrom, float[] x, int from, int count) {
    for (int i = 0; i < count; i++) {
      out[outFrom + i] += x[from + i];
    }
  }

  /** {@code out[i] += x[i]}. */
  static void add(float[] out, float[] x, int count) {
    for (int i = 0; i < count; i++) {
      out[i] += x[i];
    }
  }

  /** {@code out[i] += x[i] * factor}. */
  static void addScaled(float[] out, float[] x, int count, float factor) {
    for (int i = 0; i < count; i++) {
      out[i] += x[i] * factor;
    }
  }

  /** {@code out[i] += (a[i] * fa + b[i] * fb) + (c[i] * fc + d[i] * fd)}. */
  static void addScaled(
      float[] out,
      float[] a,
      float fa,
      float[] b,
      float fb,
      float[] c,
      float fc,
      float[] d,
      float fd,
      int count) {
    for (int i = 0; i < count; i++) {
      out[i] += (a[i] * fa + b[i] * fb) + (c[i] * fc + d[i] * fd);
    }
  }

  /** {@code out[i] += x[i] * y[i]}. */
  static void addProduct(float[] out, float[] x, float[] y, int count) {
    for (int i = 0; i < count; i++) {
      out[i] += x[i] * y[i];
    }
  }

  /** {@code x[i] = x[i] * decay + y[i] * factor}. */
  static void decayAndAdd(float[] x, float decay, float[] y, int count, float factor) {
    for (int i = 0; i < count; i++) {
      x[i] = x[i] * decay + y[i] * factor;
    }
  }
}
