package dev.drey.runtime.sampling;

import java.util.Arrays;

/** Finds the few likeliest tokens of a row, likeliest first, ties to the lower id. */
final class TopLogits {
  private final int[] ids = new int[SamplingParams.MAX_LOGPROBS];

  /** A new array of {@code min(wanted, count)} ids. */
  int[] likeliest(float[] logits, int count, int wanted) {
    int limit = Math.min(Math.min(wanted, ids.length), count);
    int size = 0;
    for (int id = 0; id < count; id++) {
      if (size == limit && logits[id] <= logits[ids[size - 1]]) {
        continue;
      }
      int at = size < limit ? size++ : size - 1;
      while (at > 0 && logits[ids[at - 1]] < logits[id]) {
        ids[at] = ids[at - 1];
        at--;
      }
      ids[at] = id;
    }
    return Arrays.copyOf(ids, size);
  }
}
