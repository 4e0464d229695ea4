package dev.drey.runtime.trace;

/** The precision in which a trace keeps router weights: the upper 16 bits of a float32. */
public final class RecordedWeight {
  private RecordedWeight() {}

  /** What a trace says of a weight: rounded to nearest, so that 8 bits of its mantissa are left. */
  public static float of(float weight) {
    return fromBits(bits(weight));
  }

  /** The upper half of the rounded float, in the lower 16 bits. */
  public static int bits(float weight) {
    return (Float.floatToRawIntBits(weight) + 0x8000) >>> 16;
  }

  /** The weight with this upper half. */
  public static float fromBits(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
