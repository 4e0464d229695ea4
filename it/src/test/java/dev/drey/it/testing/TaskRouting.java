package dev.drey.it.testing;

import dev.drey.runtime.simulate.RoutingTrace;
import dev.drey.runtime.simulate.RoutingTraceBuilder;
import dev.drey.runtime.trace.TraceHeader;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Requests of different kinds: every task has its own popular experts in every layer (Zipf's law
 * with exponent 1, ranks shuffled), and a request is of one task. After so many requests of one
 * domain's tasks come as many of another's, none of them seen before. A request is a step of 16
 * prompt tokens and 24 of one token each.
 *
 * @param layers layers, all with experts
 * @param experts experts per layer
 * @param perToken experts each token is sent to
 * @param tasks tasks of a domain
 * @param requests requests of a domain
 */
public record TaskRouting(int layers, int experts, int perToken, int tasks, int requests) {
  private static final int PROMPT = 16;
  private static final int ANSWER = 24;

  /** Steps of a request. */
  public static int steps() {
    return 1 + ANSWER;
  }

  /** Two domains, one after the other. */
  public RoutingTrace trace(long seed) {
    TraceHeader header = new SkewedRouting(layers, experts, perToken, 1).header();
    RoutingTraceBuilder builder = new RoutingTraceBuilder(header);
    Random random = new Random(seed);
    long step = 0;
    for (int domain = 0; domain < 2; domain++) {
      double[][][] weights = new double[tasks][layers][];
      for (double[][] task : weights) {
        Arrays.setAll(task, layer -> shuffledWeights(random));
      }
      for (int request = 0; request < requests; request++) {
        int sequence = domain * requests + request;
        double[][] task = weights[random.nextInt(tasks)];
        for (int i = 0; i < steps(); i++) {
          int rows = i == 0 ? PROMPT : 1;
          builder.stepBegan(0, step, rows, 1);
          builder.sequenceRan(0, sequence, rows, PROMPT, i);
          for (int layer = 0; layer < layers; layer++) {
            route(builder, random, task[layer], step, layer, rows);
          }
          builder.stepEnded(0, step++);
        }
        builder.sequenceEnded(0, sequence, ANSWER);
      }
    }
    return builder.build();
  }

  private double[] shuffledWeights(Random random) {
    double[] weights = new double[experts];
    for (int rank = 0; rank < experts; rank++) {
      int at = random.nextInt(rank + 1);
      weights[rank] = weights[at];
      weights[at] = 1.0 / (rank + 1);
    }
    return weights;
  }

  private void route(
      RoutingTraceBuilder builder,
      Random random,
      double[] weights,
      long step,
      int layer,
      int rows) {
    int[] chosen = new int[rows * perToken];
    int[] rowsOf = new int[experts];
    for (int row = 0; row < rows; row++) {
      double[] left = weights.clone();
      for (int rank = 0; rank < perToken; rank++) {
        int expert = draw(random, left);
        left[expert] = 0;
        chosen[row * perToken + rank] = expert;
        rowsOf[expert]++;
      }
    }
    float[] shares = new float[chosen.length];
    Arrays.fill(shares, 1f / perToken);
    builder.rowsRouted(0, step, layer, 0, rows, chosen, shares);
    int[] ids = IntStream.range(0, experts).filter(expert -> rowsOf[expert] > 0).toArray();
    int[] counts = IntStream.of(ids).map(expert -> rowsOf[expert]).toArray();
    builder.routed(0, step, layer, ids.length, ids, counts, new float[ids.length]);
  }

  private static int draw(Random random, double[] weights) {
    double at = random.nextDouble() * Arrays.stream(weights).sum();
    int last = 0;
    for (int expert = 0; expert < weights.length; expert++) {
      if (weights[expert] > 0) {
        last = expert;
        at -= weights[expert];
        if (at < 0) {
          break;
        }
      }
    }
    return last;
  }
}
