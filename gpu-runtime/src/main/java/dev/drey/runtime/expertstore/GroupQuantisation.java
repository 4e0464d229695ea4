package dev.drey.runtime.expertstore;

import dev.drey.runtime.model.BFloat16;
import java.nio.ByteBuffer;

/**
 * Rows of weights in few bits each. A row is cut into groups of {@value #GROUP}; a group has one
 * scale, a float32, and each of its weights is a whole number of scales, rounded to nearest, from
 * {@code -largest} to {@code largest}: the weight of largest magnitude is the largest number there
 * is (symmetric, no zero point). A stored row is its scales, then its numbers; those of 4 bits two
 * to a byte, the lower half first.
 *
 * <p>Group-wise quantisation of weights as in Yao et al., "ZeroQuant: Efficient and Affordable
 * Post-Training Quantization for Large-Scale Transformers" (arXiv 2206.01861).
 */
final class GroupQuantisation {
  /** Weights that share a scale. */
  static final int GROUP = 64;

  private final int bits;
  private final int inputs;
  private final int groups;
  private final int largest;

  /**
   * @param bits per weight, 4 or 8
   * @param inputs weights of a row
   */
  GroupQuantisation(int bits, int inputs) {
    if (bits != 4 && bits != 8) {
      throw new IllegalArgumentException("weights have 4 or 8 bits here, found " + bits);
    }
    this.bits = bits;
    this.inputs = inputs;
    this.groups = (inputs + GROUP - 1) / GROUP;
    this.largest = (1 << (bits - 1)) - 1;
  }

  /** Bytes of a stored row. */
  int rowBytes() {
    return groups * Float.BYTES + (inputs * bits + Byte.SIZE - 1) / Byte.SIZE;
  }

  /**
   * Stores a row.
   *
   * @param row bfloat16, little-endian
   * @param from its first byte
   * @param stored little-endian; the bytes of the row are zero
   * @param to its first byte there
   */
  void store(ByteBuffer row, int from, ByteBuffer stored, int to) {
    for (int group = 0; group < groups; group++) {
      int end = Math.min(inputs, (group + 1) * GROUP);
      float most = 0;
      for (int i = group * GROUP; i < end; i++) {
        most = Math.max(most, Math.abs(weight(row, from, i)));
      }
      float scale = most / largest;
      stored.putFloat(to + group * Float.BYTES, scale);
      for (int i = group * GROUP; i < end; i++) {
        int number = scale > 0 ? (int) Math.rint(weight(row, from, i) / scale) : 0;
        put(stored, to, i, Math.max(-largest, Math.min(largest, number)));
      }
    }
  }

  /**
   * Gives a row back, rounded to bfloat16.
   *
   * @param stored as {@link #store} left it
   * @param from the row's first byte
   * @param row little-endian; receives the row at its position
   */
  void restore(ByteBuffer stored, int from, ByteBuffer row) {
    for (int group = 0; group < groups; group++) {
      float scale = stored.getFloat(from + group * Float.BYTES);
      int end = Math.min(inputs, (group + 1) * GROUP);
      for (int i = group * GROUP; i < end; i++) {
        row.putShort(BFloat16.toBits(scale * number(stored, from, i)));
      }
    }
  }

  private static float weight(ByteBuffer row, int from, int i) {
    return BFloat16.fromBits(row.getShort(from + i * Short.BYTES));
  }

  private void put(ByteBuffer stored, int to, int i, int number) {
    int at = to + groups * Float.BYTES + i * bits / Byte.SIZE;
    if (bits == Byte.SIZE) {
      stored.put(at, (byte) number);
    } else {
      stored.put(at, (byte) (stored.get(at) | (number & 15) << (i % 2 * 4)));
    }
  }

  private int number(ByteBuffer stored, int from, int i) {
    byte held = stored.get(from + groups * Float.BYTES + i * bits / Byte.SIZE);
    return bits == Byte.SIZE ? held : (held << (i % 2 == 0 ? 28 : 24)) >> 28;
  }
}
