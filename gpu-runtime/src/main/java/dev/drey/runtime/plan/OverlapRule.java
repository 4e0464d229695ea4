package dev.drey.runtime.plan;

import java.util.List;

/**
 * One of Klotski's inequalities (arXiv 2502.06888, (5) to (7)): compute time that a layer's group
 * offers, against the transfers that should hide behind it. As dense weights are resident here, the
 * transfer terms of attention and router are zero, so that (4) always holds; and experts that the
 * window keeps need no transfer.
 *
 * @param name which
 * @param computeNanos time per layer that computes meanwhile
 * @param arrivalNanos time per layer of the transfers
 */
public record OverlapRule(String name, double computeNanos, double arrivalNanos) {
  /** Whether the transfers hide. */
  public boolean holds() {
    return computeNanos >= arrivalNanos;
  }

  /**
   * The rules for a plan's mean step.
   *
   * @param layers routed layers
   * @param hot experts per layer that Klotski calls hot: as many as a token chooses
   */
  public static List<OverlapRule> of(StepForecast forecast, int layers, int hot) {
    double attention = forecast.attentionNanos() / layers;
    double experts = forecast.expertNanos() / layers;
    double all = forecast.arrivalNanos() / layers;
    double missed = forecast.missedPerLayer();
    double one = missed == 0 ? 0 : all / missed;
    double hotMissed = Math.min(hot, missed);
    double hotShare = Math.min(1, hot / forecast.touchedPerLayer());
    return List.of(
        new OverlapRule("(5) hot experts behind attention", attention, hotMissed * one),
        new OverlapRule(
            "(6) one more expert behind the hot ones",
            attention + hotShare * experts,
            Math.min(missed, hotMissed + 1) * one),
        new OverlapRule("(7) all experts behind the whole layer", attention + experts, all));
  }
}
