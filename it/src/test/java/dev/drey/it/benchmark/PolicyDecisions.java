package dev.drey.it.benchmark;

import dev.drey.it.testing.SkewedRouting;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a cache policy costs per layer, for 48 layers of 128 experts with top-8 routing (Zipf 0.6)
 * and a window of a quarter of them: all calls a demand causes, and the thin window around them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class PolicyDecisions {
  private static final int LAYERS = 48;
  private static final int EXPERTS = 128;
  private static final int PER_TOKEN = 8;

  /** Names of the cache policies. */
  @Param({})
  public String policy = "";

  /** Tokens of a step: one sequence that decodes, or a batch group. */
  @Param({"1", "32"})
  public int tokens;

  private EventWindow window = window("classic.lru", 1);

  /** Fills the window and lets the policy learn. */
  @Setup
  public void fill() {
    window = window(policy, tokens);
    for (int i = 0; i < 20 * LAYERS; i++) {
      window.next();
    }
  }

  private static EventWindow window(String policy, int tokens) {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, LAYERS * EXPERTS / 4);
    SkewedRouting routing = new SkewedRouting(LAYERS, EXPERTS, PER_TOKEN, 0.6);
    return new EventWindow(
        CachePolicies.named(policy, shape), shape, routing.trace(200, tokens, 1));
  }

  /** One layer's demand. */
  @Benchmark
  public int layer() {
    return window.next();
  }
}
