package dev.drey.runtime.sampling;

/**
 * The tokens of a row from the likeliest down, ties to the lower id, sorted only as far as asked
 * for. Tokens near the likeliest and all others are two heaps, of which the second is rarely built;
 * the removed maxima of each pile up behind its end.
 *
 * <p>A token is one long: the logit's bits made comparable as a signed number, then the inverted
 * id, so that greater is earlier.
 */
final class CandidateOrder {
  private final long[] keys;
  private final Heap near = new Heap();
  private final Heap far = new Heap();

  CandidateOrder(int vocabulary) {
    keys = new long[vocabulary];
  }

  /**
   * Starts over with the tokens whose logit is above minus infinity.
   *
   * @param floor where to divide them; changes nothing but speed
   */
  void reset(float[] logits, int count, float floor) {
    int nearEnd = 0;
    int farStart = count;
    for (int id = 0; id < count; id++) {
      if (logits[id] >= floor && logits[id] > Float.NEGATIVE_INFINITY) {
        keys[nearEnd++] = key(logits[id], id);
      } else if (logits[id] > Float.NEGATIVE_INFINITY) {
        keys[--farStart] = key(logits[id], id);
      }
    }
    near.reset(0, nearEnd);
    far.reset(farStart, count);
  }

  /** Number of tokens. */
  int size() {
    return near.size() + far.size();
  }

  /** Id of the token at a rank, from 0. */
  int id(int rank) {
    return ~(int) at(rank);
  }

  /** Logit of the token at a rank, from 0. */
  float logit(int rank) {
    return Float.intBitsToFloat(flip((int) (at(rank) >> 32)));
  }

  private long at(int rank) {
    return rank < near.size() ? near.at(rank) : far.at(rank - near.size());
  }

  private static long key(float logit, int id) {
    int bits = flip(Float.floatToRawIntBits(logit + 0f)); // + 0 makes -0 and 0 the same
    return ((long) bits << 32) | (~id & 0xFFFFFFFFL);
  }

  /** Maps a float's bits to an int of the same order, and back. */
  private static int flip(int bits) {
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }

  /** A part of the keys, greatest first. */
  private final class Heap {
    private int start;
    private int size;
    private int heapSize;
    private boolean built;

    void reset(int from, int to) {
      start = from;
      size = to - from;
      heapSize = size;
      built = false;
    }

    int size() {
      return size;
    }

    long at(int rank) {
      if (!built) {
        for (int i = size / 2 - 1; i >= 0; i--) {
          sink(i);
        }
        built = true;
      }
      while (size - heapSize <= rank) {
        long greatest = keys[start];
        keys[start] = keys[start + --heapSize];
        keys[start + heapSize] = greatest;
        sink(0);
      }
      return keys[start + size - 1 - rank];
    }

    private void sink(int from) {
      int at = from;
      long value = keys[start + at];
      for (int child = 2 * at + 1; child < heapSize; child = 2 * at + 1) {
        if (child + 1 < heapSize && keys[start + child + 1] > keys[start + child]) {
          child++;
        }
        if (keys[start + child] <= value) {
          break;
        }
        keys[start + at] = keys[start + child];
        at = child;
      }
      keys[start + at] = value;
    }
  }
}
