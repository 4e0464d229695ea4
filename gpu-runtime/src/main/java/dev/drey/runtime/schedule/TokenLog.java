package dev.drey.runtime.schedule;

import dev.drey.runtime.sampling.TokenChoice;
import java.util.Arrays;

/** Growing arrays of what was decided for one sequence, token by token. */
final class TokenLog {
  private final boolean wantsLogprobs;
  private int[] ids;
  private float[] logprobs;
  private int[] topIds;
  private float[] topLogprobs;
  private int size;
  private int alternatives;
  private boolean greedy;

  /**
   * @param progress what is there already; its arrays are copied
   */
  TokenLog(boolean wantsLogprobs, SequenceProgress progress) {
    this.wantsLogprobs = wantsLogprobs;
    size = progress.outputIds().length;
    ids = progress.outputIds().clone();
    logprobs = progress.logprobs().clone();
    topIds = progress.topIds().clone();
    topLogprobs = progress.topLogprobs().clone();
    alternatives = size == 0 ? 0 : topIds.length / size;
    greedy = progress.greedy();
  }

  void append(TokenChoice choice) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, Math.max(16, 2 * size));
    }
    ids[size] = choice.id();
    if (wantsLogprobs) {
      appendLogprobs(choice);
    }
    greedy &= choice.likeliest();
    size++;
  }

  private void appendLogprobs(TokenChoice choice) {
    if (size == 0) {
      alternatives = choice.topIds().length;
    }
    if (size >= logprobs.length) {
      logprobs = Arrays.copyOf(logprobs, ids.length);
      topIds = Arrays.copyOf(topIds, ids.length * alternatives);
      topLogprobs = Arrays.copyOf(topLogprobs, ids.length * alternatives);
    }
    logprobs[size] = choice.logprob();
    System.arraycopy(choice.topIds(), 0, topIds, size * alternatives, alternatives);
    System.arraycopy(choice.topLogprobs(), 0, topLogprobs, size * alternatives, alternatives);
  }

  int size() {
    return size;
  }

  /** The ids, the first {@link #size()} entries; not copied. */
  int[] ids() {
    return ids;
  }

  boolean greedy() {
    return greedy;
  }

  /** Sum of the log-probabilities in order. */
  double logprobSum() {
    double sum = 0;
    for (int i = 0; i < Math.min(size, logprobs.length); i++) {
      sum += logprobs[i];
    }
    return sum;
  }

  SequenceProgress progress(int computedTokens, TokenCounters counters) {
    int values = wantsLogprobs ? size : 0;
    return new SequenceProgress(
        Arrays.copyOf(ids, size),
        Arrays.copyOf(logprobs, values),
        Arrays.copyOf(topIds, values * alternatives),
        Arrays.copyOf(topLogprobs, values * alternatives),
        greedy,
        computedTokens,
        counters);
  }
}
