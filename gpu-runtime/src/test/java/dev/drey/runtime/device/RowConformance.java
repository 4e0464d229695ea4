package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What every device owes for operations on single rows, and for the router. */
interface RowConformance extends DeviceFactory {
  @Test
  default void embeddingsAreLookedUp() {
    try (Rig rig = rig(Rig.model(40, 64))) {
      float[] table = Numbers.bfloats(1, 64 * 40);
      int[] ids = {63, 0, 17, 17};
      DeviceBuffer out = rig.space(4 * 40);
      rig.stream.embed(rig.bfloats(table), ids, 4, 40, out);
      float[] result = rig.read(out, 4 * 40);
      for (int row = 0; row < 4; row++) {
        assertSameBits(
            Numbers.rows(result, 40, row, row + 1),
            Numbers.rows(table, 40, ids[row], ids[row] + 1),
            "row " + row);
      }
    }
  }

  @Test
  default void normsDivideByTheRootOfTheMeanSquare() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      for (int width : new int[] {40, 64, 320, 1024}) {
        int rows = 33;
        float[] x = Numbers.floats(width, rows * width);
        float[] weight = Numbers.floats(width + 1, width);
        DeviceBuffer input = rig.floats(x);
        DeviceBuffer scale = rig.floats(weight);
        DeviceBuffer out = rig.space(rows * width);
        rig.stream.rmsNormFloat(input, rows, width, scale, 1e-6f, out);
        float[] exact = rig.read(out, rows * width);
        checkNorm(x, rows, width, weight, exact);
        rig.stream.rmsNorm(input, rows, width, scale, 1e-6f, out);
        assertSameBits(
            rig.readActivations(out, rows * width), rig.rounded(exact), "rounded, width " + width);
        DeviceBuffer last = rig.floats(Numbers.rows(x, width, rows - 1, rows));
        rig.stream.rmsNormFloat(last, 1, width, scale, 1e-6f, out);
        assertSameBits(
            rig.read(out, width), Numbers.rows(exact, width, rows - 1, rows), "last row alone");
      }
    }
  }

  private static void checkNorm(float[] x, int rows, int width, float[] weight, float[] actual) {
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int i = 0; i < width; i++) {
        squares += (double) x[row * width + i] * x[row * width + i];
      }
      double factor = 1 / Math.sqrt(squares / width + 1e-6f);
      for (int i = 0; i < width; i++) {
        double expected = x[row * width + i] * factor * weight[i];
        new Numbers.Expected(expected, Math.abs(expected) * 1e-6)
            .check(actual[row * width + i], "row " + row + " element " + i);
      }
    }
  }

  @Test
  default void headsAreNormalisedEachOnItsOwn() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      int rows = 5;
      int heads = 6;
      int headDim = 32;
      float[] x = Numbers.floats(1, rows * heads * headDim);
      float[] weight = Numbers.floats(2, headDim);
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.headNorm(buffer, rows, heads, headDim, rig.floats(weight), 1e-6f);
      checkNorm(x, rows * heads, headDim, weight, rig.read(buffer, x.length));
    }
  }

  @Test
  default void rotaryTurnsPairsOfHalvesByThePosition() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      int headDim = 32;
      RotaryTable table = RotaryTable.plain(headDim, 100, 10_000);
      int[] positions = {0, 1, 99, 42, 7};
      float[] x = Numbers.floats(1, 5 * 3 * headDim);
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.rotary(buffer, 5, 3, positions, table);
      float[] actual = rig.read(buffer, x.length);
      for (int head = 0; head < 5 * 3; head++) {
        for (int i = 0; i < headDim / 2; i++) {
          int entry = positions[head / 3] * headDim / 2 + i;
          double cos = table.cos()[entry];
          double sin = table.sin()[entry];
          int at = head * headDim + i;
          double second = x[at + headDim / 2];
          new Numbers.Expected(x[at] * cos - second * sin, 2e-7).check(actual[at], "first half");
          new Numbers.Expected(second * cos + x[at] * sin, 2e-7)
              .check(actual[at + headDim / 2], "second half");
        }
      }
    }
  }

  @Test
  default void rowsAreGathered() {
    try (Rig rig = rig(Rig.model(40, 64))) {
      float[] x = Numbers.floats(1, 9 * 40);
      DeviceBuffer out = rig.space(3 * 40);
      rig.stream.gather(rig.floats(x), new int[] {8, 0, 8, 1}, 3, 40, out);
      float[] result = rig.read(out, 3 * 40);
      assertSameBits(Numbers.rows(result, 40, 0, 1), Numbers.rows(x, 40, 8, 9), "first");
      assertSameBits(Numbers.rows(result, 40, 1, 2), Numbers.rows(x, 40, 0, 1), "second");
      assertSameBits(Numbers.rows(result, 40, 2, 3), Numbers.rows(x, 40, 8, 9), "third");
    }
  }

  @Test
  default void expertOutputsAreAddedInRankOrder() {
    try (Rig rig = rig(Rig.model(40, 64))) {
      int rows = 33;
      int k = 4;
      Routing routing = new Routing(rows, k);
      float[] weights = Numbers.floats(1, rows * k);
      System.arraycopy(weights, 0, routing.weights(), 0, weights.length);
      float[] outputs = Numbers.floats(2, rows * k * 40);
      float[] hidden = Numbers.floats(3, rows * 40);
      DeviceBuffer sum = rig.floats(hidden);
      rig.stream.combine(rig.floats(outputs), routing, rows, 40, sum);
      float[] expected = hidden.clone();
      for (int at = 0; at < expected.length; at++) {
        int row = at / 40;
        float total = weights[row * k] * outputs[row * k * 40 + at % 40];
        for (int rank = 1; rank < k; rank++) {
          total += weights[row * k + rank] * outputs[(row * k + rank) * 40 + at % 40];
        }
        expected[at] += total;
      }
      assertSameBits(rig.read(sum, expected.length), expected, "combined");
    }
  }

  @Test
  default void theRouterTakesTheMostLikelyExperts() {
    try (Rig rig = rig(routerModel(320, 60, 6))) {
      float[] weight = Numbers.floats(1, 60 * 320);
      float[] x = Numbers.floats(2, 130 * 320);
      Routing all = route(rig, x, 130, weight, 60, 6, false);
      for (int row = 0; row < 130; row++) {
        checkRouting(x, row, weight, 60, 6, all, false);
      }
      checkRouting(x, 4, weight, 60, 6, route(rig, x, 130, weight, 60, 6, true), true);
      for (int rows : new int[] {0, 1, 3, 5, 31, 33}) {
        Routing some = route(rig, x, rows, weight, 60, 6, false);
        for (int entry = 0; entry < rows * 6; entry++) {
          assertThat(some.experts()[entry]).isEqualTo(all.experts()[entry]);
          assertThat(some.weights()[entry]).isEqualTo(all.weights()[entry]);
        }
      }
    }
  }

  private static void checkRouting(
      float[] x, int row, float[] weight, int experts, int k, Routing actual, boolean normalise) {
    double[] probabilities = new double[experts];
    double total = 0;
    for (int expert = 0; expert < experts; expert++) {
      probabilities[expert] = Math.exp(Numbers.dot(x, row, weight, expert, 320).value());
      total += probabilities[expert];
    }
    double chosen = normalise ? 0 : total;
    for (int rank = 0; normalise && rank < k; rank++) {
      chosen += probabilities[actual.experts()[row * k + rank]];
    }
    double previous = Double.POSITIVE_INFINITY;
    double[] rest = probabilities.clone();
    for (int rank = 0; rank < k; rank++) {
      int expert = actual.experts()[row * k + rank];
      double expected = probabilities[expert] / chosen;
      new Numbers.Expected(expected, expected * 3e-5)
          .check(actual.weights()[row * k + rank], "row " + row + " rank " + rank);
      assertThat(probabilities[expert]).as("falling").isLessThanOrEqualTo(previous * (1 + 3e-5));
      previous = probabilities[expert];
      rest[expert] = 0;
    }
    for (double other : rest) {
      assertThat(other).as("not chosen").isLessThanOrEqualTo(previous * (1 + 3e-5));
    }
  }

  @Test
  default void equallyLikelyExpertsGoByTheirNumber() {
    try (Rig rig = rig(routerModel(64, 16, 4))) {
      float[] weight = new float[16 * 64];
      for (int expert : new int[] {3, 5, 11}) {
        Arrays.fill(weight, expert * 64, (expert + 1) * 64, 0.5f);
      }
      float[] x = new float[3 * 64];
      Arrays.fill(x, 0, 64, 1);
      Arrays.fill(x, 64, 128, -1);
      Routing routing = route(rig, x, 3, weight, 16, 4, true);
      assertThat(routing.experts()).startsWith(3, 5, 11, 0, 0, 1, 2, 4, 0, 1, 2, 3);
    }
  }

  @Test
  default void aRowOfNaNsStillGetsDistinctExperts() {
    try (Rig rig = rig(routerModel(64, 16, 4))) {
      float[] x = new float[64];
      Arrays.fill(x, Float.NaN);
      Routing routing = route(rig, x, 1, Numbers.floats(1, 16 * 64), 16, 4, true);
      assertThat(routing.experts()).containsExactly(0, 1, 2, 3);
    }
  }

  private static ModelConfig routerModel(int hidden, int experts, int k) {
    return Rig.model(
        hidden,
        64,
        new AttentionConfig(4, 2, 32, true, 10_000),
        new MoeConfig(experts, k, 40, true));
  }

  private static Routing route(
      Rig rig, float[] x, int rows, float[] weight, int experts, int k, boolean normalise) {
    Routing routing = new Routing(Math.max(rows, 1), k);
    rig.stream.routeTopK(
        rig.floats(x),
        rows,
        weight.length / experts,
        rig.floats(weight),
        new RouterSpec(experts, k, normalise),
        routing);
    return routing;
  }
}
