package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What every device owes for operations on single rows. */
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
        Norm norm = Norm.rms(rig.floats(weight), 1e-6f);
        DeviceBuffer out = rig.space(rows * width);
        rig.stream.normFloat(input, rows, width, norm, out);
        float[] exact = rig.read(out, rows * width);
        checkNorm(x, rows, width, weight, exact);
        rig.stream.norm(input, rows, width, norm, out);
        assertSameBits(
            rig.readActivations(out, rows * width), rig.rounded(exact), "rounded, width " + width);
        DeviceBuffer last = rig.floats(Numbers.rows(x, width, rows - 1, rows));
        rig.stream.normFloat(last, 1, width, norm, out);
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
      rig.stream.headNorm(buffer, rows, heads, headDim, Norm.rms(rig.floats(weight), 1e-6f));
      checkNorm(x, rows * heads, headDim, weight, rig.read(buffer, x.length));
    }
  }

  @Test
  default void allHeadsCanBeNormalisedAsOneVector() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      int rows = 5;
      int width = 6 * 32;
      float[] x = Numbers.floats(1, rows * width);
      float[] weight = Numbers.floats(2, width);
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.headNorm(buffer, rows, 1, width, Norm.rms(rig.floats(weight), 1e-6f));
      checkNorm(x, rows, width, weight, rig.read(buffer, x.length));
    }
  }

  @Test
  default void layerNormsSubtractTheMeanAndAddABias() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      for (int width : new int[] {40, 320, 1024}) {
        int rows = 33;
        float[] x = Numbers.floats(width, rows * width);
        for (int i = 0; i < x.length; i++) {
          x[i] += 0.5f;
        }
        float[] weight = Numbers.floats(width + 1, width);
        float[] bias = Numbers.floats(width + 2, width);
        Norm norm = new Norm(NormConfig.Kind.LAYER, rig.floats(weight), rig.floats(bias), 1e-5f);
        DeviceBuffer input = rig.floats(x);
        DeviceBuffer out = rig.space(rows * width);
        rig.stream.normFloat(input, rows, width, norm, out);
        float[] exact = rig.read(out, rows * width);
        checkLayerNorm(x, rows, width, weight, bias, exact);
        rig.stream.norm(input, rows, width, norm, out);
        assertSameBits(
            rig.readActivations(out, rows * width), rig.rounded(exact), "rounded, width " + width);
        rig.stream.normFloat(input, rows, width, norm, input);
        assertSameBits(rig.read(input, rows * width), exact, "in place");
        DeviceBuffer last = rig.floats(Numbers.rows(x, width, rows - 1, rows));
        rig.stream.normFloat(last, 1, width, norm, out);
        assertSameBits(
            rig.read(out, width), Numbers.rows(exact, width, rows - 1, rows), "last row alone");
      }
    }
  }

  private static void checkLayerNorm(
      float[] x, int rows, int width, float[] weight, float[] bias, float[] actual) {
    for (int row = 0; row < rows; row++) {
      double mean = 0;
      for (int i = 0; i < width; i++) {
        mean += (double) x[row * width + i] / width;
      }
      double variance = 0;
      for (int i = 0; i < width; i++) {
        variance += (x[row * width + i] - mean) * (x[row * width + i] - mean) / width;
      }
      for (int i = 0; i < width; i++) {
        double scaled = (x[row * width + i] - mean) / Math.sqrt(variance + 1e-5f) * weight[i];
        new Numbers.Expected(scaled + bias[i], 2e-6)
            .check(actual[row * width + i], "row " + row + " element " + i);
      }
    }
  }

  @Test
  default void rotaryTurnsNeighboursAndLeavesTheRestOfAHead() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      int headDim = 40;
      int dims = 24;
      for (boolean interleaved : new boolean[] {true, false}) {
        RotaryConfig config = new RotaryConfig(dims, interleaved, 10_000, new RotaryScaling.None());
        RotaryTable table = RotaryTable.of(config, 100);
        int[] tableRows = {0, 99, 42};
        float[] x = Numbers.floats(1, 3 * 2 * headDim);
        DeviceBuffer buffer = rig.floats(x);
        rig.stream.rotary(buffer, 3, 2, headDim, tableRows, table);
        float[] actual = rig.read(buffer, x.length);
        for (int head = 0; head < 3 * 2; head++) {
          for (int i = 0; i < dims / 2; i++) {
            int entry = tableRows[head / 2] * dims / 2 + i;
            double cos = table.cos()[entry];
            double sin = table.sin()[entry];
            int one = head * headDim + (interleaved ? 2 * i : i);
            int other = interleaved ? one + 1 : one + dims / 2;
            new Numbers.Expected(x[one] * cos - x[other] * sin, 2e-7).check(actual[one], "one");
            new Numbers.Expected(x[other] * cos + x[one] * sin, 2e-7).check(actual[other], "other");
          }
          int rest = head * headDim + dims;
          assertSameBits(
              Arrays.copyOfRange(actual, rest, rest + headDim - dims),
              Arrays.copyOfRange(x, rest, rest + headDim - dims),
              "the rest of head " + head);
        }
      }
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
      rig.stream.rotary(buffer, 5, 3, headDim, positions, table);
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
}
