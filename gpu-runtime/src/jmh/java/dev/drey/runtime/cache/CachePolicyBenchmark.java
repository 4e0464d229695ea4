package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a policy costs per layer of a model of 48 layers with 128 experts: hearing of the demand and
 * of as many predictions for the next layer, choosing a victim for every miss, hearing of evictions
 * and arrivals. Includes the window without time that drives the policy.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CachePolicyBenchmark {
  private static final int LAYERS = 48;
  private static final int EXPERTS = 128;
  private static final int STEPS = 64;

  /** The policies that run engines. */
  @Param({
    "cacheless.load-use-drop",
    "classic.arc",
    "classic.layer-lru",
    "classic.lfu",
    "classic.lru",
    "cyclic.scan",
    "edgemoe.distance",
    "fate.arc",
    "finemoe.inverse-probability",
    "hobbit.weighted",
    "infinity.activation",
    "stale.least",
    "static.popularity"
  })
  public String policy = "";

  /** Experts demanded per layer: by one token, and by a bulk group. */
  @Param({"8", "112"})
  public int members;

  /** Slots in percent of all experts. */
  @Param({"25", "50"})
  public int percent;

  /** Victims chosen per layer. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Counted {
    /** All victims. */
    public long victims;

    /** All layers. */
    public long layers;
  }

  private final List<List<ExpertId>> demands = new ArrayList<>();
  private final int[] tokens = new int[EXPERTS];
  private CachePolicy running = new DropPolicy();
  private EventWindow window = new EventWindow(running, CacheShape.of(1, 1, 1));
  private long step;

  /** Draws the demands, each layer preferring experts of its own, and fills the window. */
  @Setup(Level.Trial)
  public void fill() {
    Random random = new Random(1);
    List<List<Integer>> preferences = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      List<Integer> order = new ArrayList<>(IntStream.range(0, EXPERTS).boxed().toList());
      Collections.shuffle(order, random);
      preferences.add(order);
    }
    for (int i = 0; i < STEPS * LAYERS; i++) {
      demands.add(demand(i % LAYERS, preferences.get(i % LAYERS), random));
    }
    Arrays.fill(tokens, 1);
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, LAYERS * EXPERTS * percent / 100);
    running = CachePolicies.named(policy, shape);
    window = new EventWindow(running, shape);
    for (int i = 0; i < 3 * STEPS; i++) {
      runStep();
    }
  }

  private List<ExpertId> demand(int layer, List<Integer> preferred, Random random) {
    boolean[] chosen = new boolean[EXPERTS];
    for (int left = members; left > 0; ) {
      double u = random.nextDouble();
      int expert = preferred.get((int) (EXPERTS * u * u));
      left -= chosen[expert] ? 0 : 1;
      chosen[expert] = true;
    }
    return IntStream.range(0, EXPERTS)
        .filter(e -> chosen[e])
        .mapToObj(e -> new ExpertId(layer, e))
        .toList();
  }

  private void runStep() {
    int first = (int) (step % STEPS) * LAYERS;
    for (int layer = 0; layer < LAYERS; layer++) {
      window.demand(step, demands.get(first + layer), tokens);
      if (layer + 1 < LAYERS) {
        for (ExpertId expert : demands.get(first + layer + 1)) {
          running.onPrediction(step, layer, expert, 1);
        }
      }
    }
    step++;
  }

  /** One pass through all layers. */
  @Benchmark
  @OperationsPerInvocation(LAYERS)
  public void layer(Counted counted) {
    long before = window.evictions;
    runStep();
    counted.victims += window.evictions - before;
    counted.layers += LAYERS;
  }
}
