package dev.drey.it.benchmark;

import java.util.List;

/**
 * Groups of workers that serve the layers in turn, each worker with a link of its own and room for
 * one expert: OD-MoE (arXiv 2512.03927), in virtual time.
 *
 * <p>Layer l belongs to group l mod Q. Its workers load the predicted experts as soon as they are
 * free and the prediction is known; a worker with a wrong one, or none, begins to load when the
 * layer's router has chosen. The layer's experts compute when all of them are there, and are
 * dropped then.
 *
 * @param groups number of groups, Q
 * @param mainNanos what the main part of a layer takes, attention and router
 * @param expertNanos what the experts of a layer take
 * @param loadNanos what loading an expert takes
 */
record RoundRobinWorkers(int groups, long mainNanos, long expertNanos, long loadNanos) {
  /** What is known of a token's layers. */
  enum Known {
    /** Whatever is foretold, before the token begins. */
    BEFORE,
    /** Whatever is foretold, when the token begins: its prediction needs the token before it. */
    AS_IT_BEGINS
  }

  /**
   * Time of all tokens, one after the other.
   *
   * @param whole for every token and layer whether all its experts are foretold
   */
  long nanos(List<boolean[]> whole, Known known) {
    long[] free = new long[groups];
    long now = 0;
    for (boolean[] token : whole) {
      long begin = now;
      for (int layer = 0; layer < token.length; layer++) {
        int group = layer % groups;
        long routed = now + mainNanos;
        long start = known == Known.BEFORE ? free[group] : Math.max(free[group], begin);
        long ready = (token[layer] ? start : Math.max(free[group], routed)) + loadNanos;
        now = Math.max(routed, ready) + expertNanos;
        free[group] = now;
      }
    }
    return now;
  }

  /**
   * Mean waiting of a layer if all is foretold before. A group loads while the others' layers run,
   * which is OD-MoE's condition for none; what is missing is missing once in Q layers, for all
   * groups load while one waits.
   */
  long expectedStall() {
    return Math.max(0, loadNanos - groups * mainNanos - (groups - 1) * expertNanos) / groups;
  }
}
