package dev.drey.it.testing;

import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.simulate.RoutingTraceBuilder;
import dev.drey.runtime.trace.TraceHeader;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A model whose router draws experts by a fixed popularity: the expert of rank r of a layer with a
 * weight of {@code r^-exponent}, independently for every token, layer and step. Ranks are shuffled
 * layer by layer. Exponent 0 is uniform.
 *
 * @param layers layers, all with experts
 * @param experts experts per layer
 * @param perToken experts each token is sent to
 * @param exponent of Zipf's law
 */
public record SkewedRouting(int layers, int experts, int perToken, double exponent) {
  private static final long EXPERT_BYTES = 1_000_000;

  /** What the traces say of themselves. */
  public TraceHeader header() {
    return new TraceHeader(
        "0",
        "skewed-" + exponent,
        "none",
        "none",
        "none",
        layers,
        experts,
        perToken,
        IntStream.range(0, layers).boxed().toList(),
        layers * experts,
        EXPERT_BYTES,
        0,
        EXPERT_BYTES,
        "none",
        "none",
        1);
  }

  /** Routing of so many steps of so many tokens each, without times and predictions. */
  public RoutingTrace trace(int steps, int tokens, long seed) {
    Random random = new Random(seed);
    int[][] ranked =
        IntStream.range(0, layers).mapToObj(l -> shuffled(random)).toArray(int[][]::new);
    double[] upTo = cumulated();
    RoutingTraceBuilder builder = new RoutingTraceBuilder(header());
    int[] rowsOf = new int[experts];
    for (int step = 0; step < steps; step++) {
      builder.stepBegan(0, step, tokens, tokens);
      for (int layer = 0; layer < layers; layer++) {
        Arrays.fill(rowsOf, 0);
        for (int token = 0; token < tokens; token++) {
          choose(random, upTo, ranked[layer], rowsOf);
        }
        route(builder, step, layer, rowsOf);
      }
      builder.stepEnded(0, step);
    }
    return builder.build();
  }

  private int[] shuffled(Random random) {
    int[] all = IntStream.range(0, experts).toArray();
    for (int i = experts - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int expert = all[i];
      all[i] = all[other];
      all[other] = expert;
    }
    return all;
  }

  private double[] cumulated() {
    double[] upTo = new double[experts];
    double sum = 0;
    for (int rank = 0; rank < experts; rank++) {
      sum += Math.pow(rank + 1, -exponent);
      upTo[rank] = sum;
    }
    return upTo;
  }

  /** One token's distinct experts, each a row more. */
  private void choose(Random random, double[] upTo, int[] ranked, int[] rowsOf) {
    int[] chosen = new int[perToken];
    for (int count = 0; count < perToken; ) {
      int found = Arrays.binarySearch(upTo, random.nextDouble() * upTo[experts - 1]);
      int rank = Math.min(experts - 1, found < 0 ? -found - 1 : found);
      boolean isNew = true;
      for (int i = 0; i < count; i++) {
        isNew &= chosen[i] != rank;
      }
      if (isNew) {
        chosen[count++] = rank;
        rowsOf[ranked[rank]]++;
      }
    }
  }

  private void route(RoutingTraceBuilder builder, int step, int layer, int[] rowsOf) {
    int[] ids = IntStream.range(0, experts).filter(e -> rowsOf[e] > 0).toArray();
    int[] rows = IntStream.of(ids).map(e -> rowsOf[e]).toArray();
    builder.routed(0, step, layer, ids.length, ids, rows, new float[ids.length]);
  }
}
