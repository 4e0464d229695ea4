package dev.drey.runtime.simulate;

import dev.drey.runtime.trace.Headers;
import dev.drey.runtime.trace.TraceHeader;
import java.util.Arrays;
import java.util.Random;

/** Traces made up for tests. */
final class Traces {
  /** Nanoseconds before and in the experts of every layer. */
  static final long DENSE = 100;

  static final long EXPERTS = 400;

  private final RoutingTraceBuilder builder;
  private final TraceHeader header;
  private long nanos;
  private long step = -1;

  Traces(int layers, int experts) {
    header = Headers.of(layers, experts);
    builder = new RoutingTraceBuilder(header);
  }

  /** Ends the step before and begins one. */
  Traces step() {
    end();
    builder.stepBegan(nanos, ++step, 1, 1);
    return this;
  }

  private void end() {
    if (step >= 0) {
      builder.stepEnded(nanos, step);
    }
  }

  /** A layer demands these experts, each with one row. */
  Traces demand(int layer, int... experts) {
    nanos += DENSE;
    int[] ones = new int[experts.length];
    Arrays.fill(ones, 1);
    builder.routed(nanos, step, layer, experts.length, experts, ones, new float[experts.length]);
    return this;
  }

  /** Right after a demand, its predictor says this. */
  Traces predict(int issuedAt, int target, int... experts) {
    builder.predicted(
        nanos, step, issuedAt, target, experts.length, experts, new float[experts.length]);
    return this;
  }

  /** The experts demanded last are computed. */
  Traces computed(int layer) {
    nanos += EXPERTS;
    builder.demandEnded(nanos, step, layer, 0);
    return this;
  }

  RoutingTrace build() {
    end();
    return builder.build();
  }

  /** Steps of skewed random choices, with predictions that are right about half of the time. */
  static RoutingTrace random(long seed, int layers, int experts, int perLayer, int steps) {
    Random random = new Random(seed);
    Traces traces = new Traces(layers, experts);
    int[][] next = new int[layers][];
    for (int step = 0; step < steps; step++) {
      traces.step();
      for (int layer = 0; layer < layers; layer++) {
        next[layer] = choose(random, experts, perLayer);
      }
      for (int layer = 0; layer < layers; layer++) {
        traces.demand(layer, next[layer]);
        if (layer + 1 < layers) {
          int[] guess = random.nextBoolean() ? next[layer + 1] : choose(random, experts, perLayer);
          traces.predict(layer, layer + 1, guess);
        }
        traces.computed(layer);
      }
    }
    return traces.build();
  }

  private static int[] choose(Random random, int experts, int count) {
    return random
        .doubles()
        .mapToInt(x -> (int) (x * x * experts))
        .distinct()
        .limit(count)
        .sorted()
        .toArray();
  }
}
