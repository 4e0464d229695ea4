package dev.drey.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.SkewedRouting;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.simulate.CostModel;
import dev.drey.runtime.simulate.Predictions;
import dev.drey.runtime.simulate.Replay;
import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.trace.TraceSink;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A million routing events, 20 policies and 5 budgets are simulated in under two minutes on two
 * cores: 2.4 seconds for the mean of all replays of a million events.
 */
@Tag("benchmark")
class SimulationSpeedTest {
  private static final int EVENTS = 1_000_000;
  private static final double[] BUDGETS = {0.1, 0.25, 0.4, 0.5, 0.75};
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int CORES = 2;
  private static final int POLICIES = 20;

  @Test
  void aMillionEventsForTwentyPoliciesAndFiveBudgetsTakeLessThanTwoMinutes() {
    SkewedRouting routing = new SkewedRouting(8, 32, 4, 0.6);
    RoutingTrace trace = routing.trace(EVENTS / routing.layers(), 1, 1);
    long all = 0;
    for (String name : CachePolicies.names()) {
      long nanos = 0;
      for (double budget : BUDGETS) {
        nanos += replay(trace, name, (int) (budget * trace.header().totalExperts()));
      }
      System.out.printf("%-28s %6.2f s%n", name, nanos / 1e9);
      all += nanos;
    }
    double perReplay = (double) all / (CachePolicies.names().size() * BUDGETS.length);
    double whole = perReplay * POLICIES * BUDGETS.length / CORES;
    System.out.printf(
        "%.2f s for a replay of a million events, %.0f s for %d policies and %d budgets on %d cores%n",
        perReplay / 1e9, whole / 1e9, POLICIES, BUDGETS.length, CORES);
    assertThat(Duration.ofNanos((long) whole)).isLessThan(LIMIT);
  }

  private static long replay(RoutingTrace trace, String policy, int slots) {
    CacheShape shape = CacheShape.of(trace.header().layers(), trace.header().experts(), slots);
    long begin = System.nanoTime();
    Replay.run(
        trace,
        Predictions.of(trace, Predictions.Source.ORACLE),
        CachePolicies.named(policy, shape),
        slots,
        new CostModel(1e9, 100_000),
        TraceSink.NONE);
    return System.nanoTime() - begin;
  }
}
