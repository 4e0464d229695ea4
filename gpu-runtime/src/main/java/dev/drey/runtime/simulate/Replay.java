package dev.drey.runtime.simulate;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.trace.TraceSink;

/** One policy on one trace with one window size. */
public final class Replay {
  private Replay() {}

  /**
   * Runs it.
   *
   * @param predictions what is prefetched
   * @param policy a new policy
   * @param slots experts the window holds, at least 2
   * @param cost how long things take
   * @param sink is told what the window decides, in virtual time
   */
  public static ReplayResult run(
      RoutingTrace trace,
      Predictions predictions,
      CachePolicy policy,
      int slots,
      CostModel cost,
      TraceSink sink) {
    if (slots < 2) {
      throw new IllegalArgumentException(
          "a window needs at least 2 slots (one expert computes, one arrives), found " + slots);
    }
    SimulatedWindow window = new SimulatedWindow(trace, policy, slots, cost.moveNanos(trace), sink);
    long stalled = 0;
    for (int event = 0; event < trace.events(); event++) {
      int before = predictions.beginBefore(event);
      int after = predictions.begin(event);
      int end = predictions.end(event);
      offer(window, predictions, event, ExpertPredictor.STEP_BEGIN, before, after);
      window.pass(cost.denseNanos(trace, event));
      window.demand(event);
      offer(window, predictions, event, trace.layer()[event], after, end);
      stalled += window.compute(event, cost.expertNanos(trace, event));
      window.pass(cost.tailNanos(trace, event));
    }
    SimulatedWindow.Counts counts = window.counts;
    return new ReplayResult(
        policy.name(),
        slots,
        counts.hits,
        counts.lateHits,
        counts.misses,
        counts.prefetchIssued,
        counts.prefetchUsed,
        counts.prefetchWasted,
        counts.prefetchCancelled,
        counts.loads,
        counts.evictions,
        Math.round(counts.bytes),
        stalled,
        window.now());
  }

  private static void offer(
      SimulatedWindow window,
      Predictions predictions,
      int event,
      int issuedAtLayer,
      int begin,
      int end) {
    for (int i = begin; i < end; i++) {
      window.offer(event, issuedAtLayer, predictions.expert(i), predictions.score(i));
    }
  }
}
