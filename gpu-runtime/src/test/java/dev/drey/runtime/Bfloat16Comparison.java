package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * Compares a bfloat16 run with the float32 reference by the golden files' bfloat16 rules: a
 * near-tie in the routing may flip, so single logits may move far; what must hold is that the first
 * flip is a near-tie and that averages stay in the band of transformers' own bfloat16 runs.
 */
final class Bfloat16Comparison {
  private double differenceSum;
  private long differences;
  private double divergenceSum;
  private int rows;
  private int argmaxAgreements;
  private int positions;
  private int flips;

  void add(JsonNode prompt, ForwardProbe.Seen seen) {
    int firstFlip = countFlips(prompt, seen);
    JsonNode wanted = prompt.get("logits_positions");
    for (int i = 0; i < wanted.size(); i++) {
      int position = wanted.get(i).asInt();
      float[] expected = GoldenModelTest.floats(prompt.get("logits").get(i));
      float[] found = seen.logits()[position];
      double largest = 0;
      for (int id = 0; id < expected.length; id++) {
        double difference = Math.abs(expected[id] - found[id]);
        largest = Math.max(largest, difference);
        differenceSum += difference;
        differences++;
      }
      if (position < firstFlip) {
        assertThat(largest)
            .as("largest difference before any flip, position %d", position)
            .isLessThanOrEqualTo(0.8);
      }
      divergenceSum += divergence(expected, found);
      rows++;
    }
    for (int position = 0; position < seen.logits().length; position++) {
      positions++;
      if (ForwardProbe.argmax(seen.logits()[position])
          == prompt.get("argmax").get(position).asInt()) {
        argmaxAgreements++;
      }
    }
  }

  /** Counts differing choices, checks that the first is a near-tie, returns its position. */
  private int countFlips(JsonNode prompt, ForwardProbe.Seen seen) {
    int firstPosition = Integer.MAX_VALUE;
    for (int position = 0; position < seen.logits().length; position++) {
      for (int layer = 0; layer < seen.experts().length; layer++) {
        JsonNode routing = prompt.get("routing").get(layer);
        int[] expected = GoldenModelTest.ints(routing.get("experts").get(position));
        int[] found = seen.experts()[layer][position].clone();
        Arrays.sort(expected);
        Arrays.sort(found);
        if (Arrays.equals(expected, found)) {
          continue;
        }
        flips++;
        if (firstPosition == Integer.MAX_VALUE) {
          firstPosition = position;
          assertThat(routing.get("margin").get(position).asDouble())
              .as("margin of the first flip, layer %d, position %d", layer, position)
              .isLessThanOrEqualTo(0.3);
        }
      }
    }
    return firstPosition;
  }

  private static double divergence(float[] expected, float[] found) {
    double[] p = logSoftmax(expected);
    double[] q = logSoftmax(found);
    double sum = 0;
    for (int id = 0; id < p.length; id++) {
      sum += Math.exp(p[id]) * (p[id] - q[id]);
    }
    return sum;
  }

  private static double[] logSoftmax(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] result = new double[logits.length];
    for (int id = 0; id < logits.length; id++) {
      result[id] = logits[id] - max - Math.log(sum);
    }
    return result;
  }

  void check(JsonNode profile) {
    assertThat(differenceSum / differences)
        .as("mean logit difference")
        .isLessThanOrEqualTo(2 * profile.get("mean_abs").asDouble());
    assertThat(divergenceSum / rows)
        .as("mean KL divergence")
        .isLessThanOrEqualTo(2 * profile.get("mean_kl").asDouble() + 0.01);
    assertThat((double) argmaxAgreements / positions)
        .as("argmax agreement")
        .isGreaterThanOrEqualTo(profile.get("argmax_agreement").asDouble() - 0.05);
    assertThat(flips)
        .as("routing flips")
        .isLessThanOrEqualTo(2 * profile.get("routing_flips").asInt() + 5);
  }
}
