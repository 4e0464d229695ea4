package dev.drey.runtime.checkpoint;

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 mantissa bits. */
final class Float16 {
  private Float16() {}

  static float fromBits(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = bits >> 10 & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0) {
      float magnitude = mantissa * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | wide << 23 | mantissa << 13);
  }
}
