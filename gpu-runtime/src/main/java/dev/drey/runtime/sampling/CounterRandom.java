package dev.drey.runtime.sampling;

/**
 * Random numbers that are a function of (seed, position), so that a draw does not depend on how
 * many draws came before it: Philox 4x32 with ten rounds (Salmon, Moraes, Dror and Shaw: "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). The seed is the key, the position the counter.
 */
public final class CounterRandom {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private CounterRandom() {}

  /** A uniform number from 0 (inclusive) to 1 (exclusive), a multiple of 2^-53. */
  public static double uniform(long seed, long position) {
    int[] block = {(int) position, (int) (position >>> 32), 0, 0};
    philox(block, (int) seed, (int) (seed >>> 32));
    long bits = ((block[0] & LOW) << 21) | ((block[1] & LOW) >>> 11);
    return bits * 0x1p-53;
  }

  /** Replaces a counter of four words by its random words. */
  static void philox(int[] counter, int key0, int key1) {
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (counter[0] & LOW);
      long product1 = MULTIPLIER_1 * (counter[2] & LOW);
      counter[0] = (int) (product1 >>> 32) ^ counter[1] ^ k0;
      counter[1] = (int) product1;
      counter[2] = (int) (product0 >>> 32) ^ counter[3] ^ k1;
      counter[3] = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
  }
}
