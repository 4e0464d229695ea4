package dev.drey.it.benchmark;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.simulate.BeladyBound;
import dev.drey.runtime.simulate.CostModel;
import dev.drey.runtime.simulate.Predictions;
import dev.drey.runtime.simulate.Replay;
import dev.drey.runtime.simulate.ReplayResult;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.trace.TraceSink;

/** Replays of one trace with one link, side by side. */
final class Comparison {
  private static final long LAYER_NANOS = 1_000_000;

  private final RoutingTrace trace;
  private final long layerNanos;
  private final CostModel cost;
  private final BeladyBound.NextUses uses;

  /**
   * @param loadToCompute how long loading all experts of a mean step takes, compared with computing
   *     it
   */
  Comparison(RoutingTrace trace, double loadToCompute) {
    this(trace, LAYER_NANOS, loadToCompute * LAYER_NANOS * trace.events() / trace.members().length);
  }

  /**
   * @param layerNanos computing of a layer
   * @param moveNanos loading of an expert
   */
  Comparison(RoutingTrace trace, long layerNanos, double moveNanos) {
    this.trace = trace;
    this.layerNanos = layerNanos;
    this.uses = BeladyBound.NextUses.of(trace);
    this.cost = new CostModel(trace.header().expertBytes() * 1e9 / moveNanos, layerNanos);
  }

  int slots(double budget) {
    return Math.max(2, (int) (budget * trace.header().totalExperts() + 1e-9));
  }

  ReplayResult replay(String policy, Predictions predictions, int slots) {
    CacheShape shape =
        new CacheShape(trace.header().expertLayers(), trace.header().experts(), slots);
    return Replay.run(
        trace, predictions, CachePolicies.named(policy, shape), slots, cost, TraceSink.NONE);
  }

  BeladyBound bound(int slots) {
    return BeladyBound.of(trace, uses, slots, cost);
  }

  Predictions none() {
    return Predictions.of(trace, Predictions.Source.NONE);
  }

  Predictions recorded() {
    return Predictions.of(trace, Predictions.Source.RECORDED);
  }

  Predictions oracle() {
    return Predictions.of(trace, Predictions.Source.ORACLE);
  }

  RoutingTrace trace() {
    return trace;
  }

  /** Seconds of computing alone. */
  double resident() {
    return trace.events() * (double) layerNanos / 1e9;
  }
}
