package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.RotaryConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every device owes for products with weight matrices. */
interface MatmulConformance extends DeviceFactory {
  @ParameterizedTest
  @CsvSource({
    "64,40",
    "40,64",
    "96,320",
    "320,1024",
    "1024,320",
    "64,1",
    "96,2",
    "64,7",
    "320,32",
    "1024,16"
  })
  default void productsAreRightAndRowsIndependent(int inputs, int outputs) {
    try (Rig rig = rig(Rig.model(inputs, outputs))) {
      float[] weights = Numbers.bfloats(1, inputs * outputs);
      float[] x = rig.rounded(Numbers.floats(2, 130 * inputs));
      Matrix matrix = rig.matrix(new MatrixShape(outputs, inputs), weights);
      float[] all = product(rig, x, 130, matrix);
      for (int row : new int[] {0, 1, 64, 127, 129}) {
        for (int output = 0; output < outputs; output++) {
          Numbers.dot(x, row, weights, output, inputs)
              .check(all[row * outputs + output], "row " + row + " output " + output);
        }
      }
      for (int rows : Numbers.ROWS) {
        assertSameBits(
            product(rig, x, rows, matrix), Numbers.rows(all, outputs, 0, rows), rows + " rows");
      }
      for (int row : new int[] {0, 5, 63, 97, 129}) {
        float[] alone = product(rig, Numbers.rows(x, inputs, row, row + 1), 1, matrix);
        assertSameBits(alone, Numbers.rows(all, outputs, row, row + 1), "row " + row + " alone");
      }
    }
  }

  @Test
  default void aRowDoesNotSeeItsNeighbours() {
    int inputs = 96;
    int outputs = 320;
    try (Rig rig = rig(Rig.model(inputs, outputs))) {
      Matrix matrix =
          rig.matrix(new MatrixShape(outputs, inputs), Numbers.bfloats(1, inputs * outputs));
      float[] row = rig.rounded(Numbers.floats(3, inputs));
      float[] alone = product(rig, row, 1, matrix);
      for (float neighbour : new float[] {0, Float.NaN, 1e30f}) {
        for (int position : new int[] {0, 2, 16, 31, 32}) {
          float[] x = new float[33 * inputs];
          Arrays.fill(x, neighbour);
          System.arraycopy(row, 0, x, position * inputs, inputs);
          float[] all = product(rig, x, 33, matrix);
          assertSameBits(
              Numbers.rows(all, outputs, position, position + 1),
              alone,
              "at " + position + " among " + neighbour);
        }
      }
    }
  }

  @Test
  default void accumulatingAddsTheSameProduct() {
    int inputs = 64;
    int outputs = 320;
    try (Rig rig = rig(Rig.model(inputs, outputs))) {
      Matrix matrix =
          rig.matrix(new MatrixShape(outputs, inputs), Numbers.bfloats(1, inputs * outputs));
      for (int rows : new int[] {1, 7, 33}) {
        float[] x = rig.rounded(Numbers.floats(2, rows * inputs));
        float[] product = product(rig, x, rows, matrix);
        float[] before = Numbers.floats(4, rows * outputs);
        DeviceBuffer out = rig.floats(before);
        rig.stream.matmul(rig.activations(x), rows, matrix, null, out, true);
        float[] expected = new float[rows * outputs];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = before[i] + product[i];
        }
        assertSameBits(rig.read(out, rows * outputs), expected, rows + " rows");
      }
    }
  }

  @Test
  default void aBiasIsAddedToEachRow() {
    int inputs = 320;
    int outputs = 1000;
    try (Rig rig = rig(Rig.model(inputs, outputs))) {
      Matrix matrix =
          rig.matrix(new MatrixShape(outputs, inputs), Numbers.bfloats(1, inputs * outputs));
      float[] values = Numbers.floats(5, outputs);
      DeviceBuffer bias = rig.floats(values);
      for (int rows : new int[] {1, 7, 33}) {
        float[] x = rig.rounded(Numbers.floats(2, rows * inputs));
        float[] expected = product(rig, x, rows, matrix);
        float[] before = Numbers.floats(4, rows * outputs);
        float[] accumulated = before.clone();
        for (int i = 0; i < expected.length; i++) {
          expected[i] += values[i % outputs];
          accumulated[i] += expected[i];
        }
        DeviceBuffer out = rig.floats(before);
        rig.stream.matmul(rig.activations(x), rows, matrix, bias, out, true);
        assertSameBits(rig.read(out, rows * outputs), accumulated, rows + " rows, added");
        rig.stream.matmul(rig.activations(x), rows, matrix, bias, out, false);
        assertSameBits(rig.read(out, rows * outputs), expected, rows + " rows");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"48,32,3", "32,128,5", "128,512,2"})
  default void eachHeadIsMultipliedByItsOwnMatrix(int inputs, int outputs, int heads) {
    int rows = 130;
    int stride = outputs + 8;
    try (Rig rig = rig(headModel(inputs, outputs, heads))) {
      List<Matrix> matrices = new ArrayList<>();
      for (int head = 0; head < heads; head++) {
        matrices.add(
            rig.matrix(new MatrixShape(outputs, inputs), Numbers.bfloats(head, inputs * outputs)));
      }
      float[] x = Numbers.floats(20, rows * heads * inputs);
      float[] untouched = new float[rows * heads * stride];
      Arrays.fill(untouched, 7);
      DeviceBuffer out = rig.floats(untouched);
      rig.stream.headMatmul(rig.floats(x), rows, matrices, out, stride);
      float[] all = rig.read(out, untouched.length);
      float[] rounded = rig.rounded(x);
      for (int row : new int[] {0, 1, 64, 129}) {
        for (int head = 0; head < heads; head++) {
          int part = row * heads + head;
          float[] weights = Numbers.bfloats(head, inputs * outputs);
          for (int output = 0; output < outputs; output++) {
            Numbers.dot(rounded, part, weights, output, inputs)
                .check(all[part * stride + output], "row " + row + " head " + head);
          }
          assertSameBits(
              Arrays.copyOfRange(all, part * stride + outputs, (part + 1) * stride),
              Arrays.copyOf(untouched, 8),
              "behind a head");
        }
      }
      for (int some : Numbers.ROWS) {
        DeviceBuffer fewer = rig.floats(untouched);
        float[] part = Numbers.rows(x, heads * inputs, rows - some, rows);
        rig.stream.headMatmul(rig.floats(part), some, matrices, fewer, stride);
        assertSameBits(
            rig.read(fewer, some * heads * stride),
            Numbers.rows(all, heads * stride, rows - some, rows),
            some + " rows");
      }
    }
  }

  private static ModelConfig headModel(int plainDim, int kvRank, int heads) {
    return Rig.model(
        64,
        64,
        new LatentAttention(
            heads, 0, kvRank, plainDim, 16, 32, 0.1, RotaryConfig.plain(16, 10_000), false),
        Rig.moe(40));
  }

  @Test
  default void blocksMayBeCopiedInAnyOrder() {
    MatrixShape shape = new MatrixShape(640, 1024);
    try (Rig rig = rig(Rig.model(1024, 640))) {
      float[] weights = Numbers.bfloats(1, (int) shape.elements());
      float[] x = rig.rounded(Numbers.floats(2, 5 * 1024));
      float[] inOrder = product(rig, x, 5, rig.matrix(shape, weights));
      MatrixLayout layout = rig.device.matrixLayout(shape);
      DeviceBuffer data = rig.own(rig.device.allocate(rig.budget, layout.bytes()));
      for (int block = layout.blocks() - 1; block >= 0; block--) {
        int from = block * layout.blockOutputs();
        float[] part = Numbers.rows(weights, 1024, from, from + layout.outputsOf(block));
        try (HostBuffer host = rig.device.allocateHost(rig.budget, part.length * 2 + 64)) {
          for (int i = 0; i < part.length; i++) {
            host.bytes().putShort(64 + i * 2, BFloat16.toBits(part[i]));
          }
          rig.copies.copyBlock(host, 64, DType.BF16, layout, block, data);
          rig.copies.record().await();
        }
      }
      assertSameBits(product(rig, x, 5, new Matrix(layout, data)), inOrder, "reversed blocks");
    }
  }

  private static float[] product(Rig rig, float[] x, int rows, Matrix matrix) {
    int outputs = matrix.layout().shape().outputs();
    float[] untouched = new float[rows * outputs + 8];
    Arrays.fill(untouched, 7);
    DeviceBuffer out = rig.floats(untouched);
    rig.stream.matmul(rig.activations(x), rows, matrix, null, out, false);
    float[] result = rig.read(out, rows * outputs + 8);
    for (int i = rows * outputs; i < result.length; i++) {
      assertSameBits(new float[] {result[i]}, new float[] {7}, "behind the last row");
    }
    return Arrays.copyOf(result, rows * outputs);
  }
}
