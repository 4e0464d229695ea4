package dev.drey.runtime.sampling;

/**
 * The tokens of a row from the likeliest down, ties to the lower id, sorted only as far as asked
 * for: a heap whose removed maxima pile up behind its end.
 *
 * <p>A token is one long: the logit's bits made comparable as a signed number, then the inverted
 * id, so that greater is earlier.
 */
final class CandidateOrder {
  private final long[] heap;
  private int size;
  private int heapSize;

  CandidateOrder(int vocabulary) {
    heap = new long[vocabulary];
  }

  /** Starts over with the tokens whose logit is above minus infinity. */
  void reset(float[] logits, int count) {
    size = 0;
    for (int id = 0; id < count; id++) {
      if (logits[id] > Float.NEGATIVE_INFINITY) {
        heap[size++] = key(logits[id], id);
      }
    }
    heapSize = size;
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(i);
    }
  }

  /** Number of tokens. */
  int size() {
    return size;
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
    while (size - heapSize <= rank) {
      long greatest = heap[0];
      heap[0] = heap[--heapSize];
      heap[heapSize] = greatest;
      sink(0);
    }
    return heap[size - 1 - rank];
  }

  private void sink(int start) {
    int at = start;
    long value = heap[at];
    for (int child = 2 * at + 1; child < heapSize; child = 2 * at + 1) {
      if (child + 1 < heapSize && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= value) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }

  private static long key(float logit, int id) {
    int bits = flip(Float.floatToRawIntBits(logit + 0f)); // + 0 makes -0 and 0 the same
    return ((long) bits << 32) | (~id & 0xFFFFFFFFL);
  }

  /** Maps a float's bits to an int of the same order, and back. */
  private static int flip(int bits) {
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }
}
