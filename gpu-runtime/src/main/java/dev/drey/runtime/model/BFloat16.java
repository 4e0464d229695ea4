package dev.drey.runtime.model;

/** The bfloat16 number format: the upper half of a float32. */
public final class BFloat16 {
  private static final int INFINITY_BITS = 0x7f800000;

  private BFloat16() {}

  /** Rounds to the nearest bfloat16, ties to even; a NaN stays one. */
  public static short toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > INFINITY_BITS) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The value of a bfloat16. */
  public static float fromBits(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest value a bfloat16 can hold. */
  public static float round(float value) {
    return fromBits(toBits(value));
  }
}
