package dev.drey.runtime.simulate;

import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.RecallFold;
import dev.drey.runtime.trace.RecallMetrics;
import java.util.Arrays;
import java.util.List;

/** How good predictions are by themselves: what no window and no policy changes. */
public final class PredictionRecall {
  private PredictionRecall() {}

  /** By rising distance; every demand counts as a miss, nothing is in time. */
  public static List<RecallMetrics> of(RoutingTrace trace, Predictions predictions) {
    return of(trace, predictions, 0, Integer.MAX_VALUE);
  }

  /**
   * The same of a part of the trace.
   *
   * @param firstPass number of the first pass that counts, from 0
   * @param endPass behind the last
   */
  public static List<RecallMetrics> of(
      RoutingTrace trace, Predictions predictions, int firstPass, int endPass) {
    int experts = trace.header().experts();
    RecallFold fold = new RecallFold(trace.header());
    int[] ids = new int[experts];
    DemandOutcome[] missed = new DemandOutcome[experts];
    Arrays.fill(missed, DemandOutcome.MISS);
    for (int event = 0; event < trace.events(); event++) {
      if (trace.pass()[event] < firstPass || trace.pass()[event] >= endPass) {
        continue;
      }
      long step = trace.step()[event];
      int layer = trace.layer()[event];
      int after = predictions.begin(event);
      if (trace.beginsPass(event)) {
        int before = predictions.beginBefore(event);
        fold.stepBegan(0, step, 0, 0);
        predictions.tell(fold, 0, step, ExpertPredictor.STEP_BEGIN, before, after, experts);
      }
      int count = trace.from()[event + 1] - trace.from()[event];
      for (int i = 0; i < count; i++) {
        ids[i] = trace.members()[trace.from()[event] + i] % experts;
      }
      fold.demanded(0, step, layer, count, ids, missed);
      predictions.tell(fold, 0, step, layer, after, predictions.end(event), experts);
    }
    return fold.metrics();
  }
}
