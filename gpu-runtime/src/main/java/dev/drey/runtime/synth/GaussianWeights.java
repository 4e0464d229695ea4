package dev.drey.runtime.synth;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * A stream of normally distributed bfloat16 numbers, fast enough to fill gigabytes: four draws per
 * random long from a table of 65,536 normal deviates.
 */
final class GaussianWeights {
  private static final int TABLE = 1 << 16;
  private final float[] deviates = new float[TABLE];
  private final SplittableRandom random;

  GaussianWeights(long seed) {
    Random normal = new Random(seed);
    for (int i = 0; i < TABLE; i++) {
      deviates[i] = (float) normal.nextGaussian();
    }
    random = new SplittableRandom(seed);
  }

  /** The table for one standard deviation, rounded to bfloat16. */
  short[] scaled(double deviation) {
    short[] table = new short[TABLE];
    for (int i = 0; i < TABLE; i++) {
      int bits = Float.floatToRawIntBits((float) (deviates[i] * deviation));
      int roundedToEven = bits + 0x7FFF + ((bits >>> 16) & 1);
      table[i] = (short) (roundedToEven >>> 16);
    }
    return table;
  }

  /** Fills a row with numbers of one standard deviation. */
  void fill(float[] row, double deviation) {
    for (int from = 0; from < row.length; from += 4) {
      long draw = random.nextLong();
      for (int i = from; i < Math.min(from + 4, row.length); i++) {
        row[i] = (float) (deviates[(int) draw & (TABLE - 1)] * deviation);
        draw >>>= 16;
      }
    }
  }

  /** Fills the buffer from its position to its limit; an odd number of values is fine. */
  void fill(ByteBuffer target, short[] table) {
    while (target.remaining() >= 4 * Short.BYTES) {
      long draw = random.nextLong();
      for (int i = 0; i < 4; i++) {
        target.putShort(table[(int) (draw >>> (16 * i)) & (TABLE - 1)]);
      }
    }
    while (target.remaining() >= Short.BYTES) {
      target.putShort(table[random.nextInt(TABLE)]);
    }
  }
}
