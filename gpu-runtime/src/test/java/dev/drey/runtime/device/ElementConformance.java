package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.DType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What every device owes for operations on single numbers. */
interface ElementConformance extends DeviceFactory {
  int ROWS = 130;
  int WIDTH = 320;

  @Test
  default void numbersAreLimitedToBothSides() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] x = Numbers.floats(1, ROWS * WIDTH);
      x[7] = Float.NaN;
      x[8] = Float.NEGATIVE_INFINITY;
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.clamp(buffer, ROWS, WIDTH, 0.5f);
      for (int i = 0; i < x.length; i++) {
        x[i] = x[i] > 0.5f ? 0.5f : x[i] < -0.5f ? -0.5f : x[i];
      }
      assertSameBits(rig.read(buffer, x.length), x, "limited");
    }
  }

  @Test
  default void eachRowIsMultipliedByItsFactor() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] x = Numbers.floats(1, ROWS * WIDTH);
      float[] factors = Numbers.floats(2, ROWS);
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.scaleRows(buffer, ROWS, WIDTH, factors);
      for (int i = 0; i < x.length; i++) {
        x[i] *= factors[i / WIDTH];
      }
      assertSameBits(rig.read(buffer, x.length), x, "scaled");
    }
  }

  @Test
  default void aMultipleIsAddedToTheTarget() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] x = Numbers.floats(1, ROWS * WIDTH);
      float[] target = Numbers.floats(2, ROWS * WIDTH + 8);
      DeviceBuffer buffer = rig.floats(target);
      rig.stream.addScaled(rig.floats(x), ROWS, WIDTH, 0.22f, buffer);
      for (int i = 0; i < x.length; i++) {
        target[i] += x[i] * 0.22f;
      }
      assertSameBits(rig.read(buffer, target.length), target, "added");
    }
  }

  @Test
  default void activationsAreGatedBySigmoids() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] gate = Numbers.floats(1, ROWS * WIDTH);
      for (int i = 0; i < gate.length; i++) {
        gate[i] *= 8;
      }
      gate[3] = -200;
      gate[4] = 200;
      float[] x = rig.rounded(Numbers.floats(2, ROWS * WIDTH));
      DeviceBuffer buffer = rig.activations(x);
      rig.stream.sigmoidGate(rig.floats(gate), ROWS, WIDTH, buffer, rig.activation);
      float[] all = rig.readActivations(buffer, x.length);
      double rounding = rig.rounded(1 + 1e-3f) == 1 ? 1 / 256.0 : 2e-6;
      for (int i = 0; i < x.length; i++) {
        double expected = x[i] / (1 + Math.exp(-gate[i]));
        new Numbers.Expected(expected, Math.abs(expected) * rounding + 1e-30)
            .check(all[i], "element " + i);
      }
      for (int row : new int[] {0, 1, 77, 129}) {
        DeviceBuffer alone = rig.activations(Numbers.rows(x, WIDTH, row, row + 1));
        DeviceBuffer itsGate = rig.floats(Numbers.rows(gate, WIDTH, row, row + 1));
        rig.stream.sigmoidGate(itsGate, 1, WIDTH, alone, rig.activation);
        assertSameBits(
            rig.readActivations(alone, WIDTH),
            Numbers.rows(all, WIDTH, row, row + 1),
            "row " + row + " alone");
      }
    }
  }

  @Test
  default void numbersBecomeActivations() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] x = Numbers.floats(1, ROWS * WIDTH);
      DeviceBuffer out = rig.space(x.length);
      rig.stream.toActivations(rig.floats(x), ROWS, WIDTH, out);
      assertSameBits(rig.readActivations(out, x.length), rig.rounded(x), "rounded");
    }
  }

  @Test
  default void remaindersAreWhatRoundingLoses() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] x = Numbers.floats(1, ROWS * WIDTH);
      DeviceBuffer out = rig.space(x.length);
      rig.stream.remainders(rig.floats(x), ROWS, WIDTH, out);
      float[] lost = rig.rounded(x);
      for (int i = 0; i < x.length; i++) {
        lost[i] = x[i] - lost[i];
      }
      assertSameBits(rig.readActivations(out, x.length), rig.rounded(lost), "remainders");
    }
  }

  @Test
  default void floatsAreGatedWithoutRounding() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] gate = Numbers.floats(1, ROWS * WIDTH);
      float[] x = Numbers.floats(2, ROWS * WIDTH);
      DeviceBuffer buffer = rig.floats(x);
      rig.stream.sigmoidGate(rig.floats(gate), ROWS, WIDTH, buffer, DType.F32);
      float[] all = rig.read(buffer, x.length);
      for (int i = 0; i < x.length; i++) {
        double expected = x[i] / (1 + Math.exp(-gate[i]));
        new Numbers.Expected(expected, Math.abs(expected) * 2e-6 + 1e-30)
            .check(all[i], "element " + i);
      }
    }
  }

  @Test
  default void partsOfHeadsAreCopiedToTheirPlace() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      int heads = 3;
      int width = 16;
      int stride = 40;
      int offset = 24;
      float[] x = Numbers.floats(1, ROWS * heads * width);
      float[] expected = Numbers.floats(2, ROWS * heads * stride);
      DeviceBuffer out = rig.floats(expected);
      rig.stream.copyHeads(rig.floats(x), ROWS, heads, width, out, stride, offset);
      for (int part = 0; part < ROWS * heads; part++) {
        System.arraycopy(x, part * width, expected, part * stride + offset, width);
      }
      assertSameBits(rig.read(out, expected.length), expected, "copied");
    }
  }

  @Test
  default void nothingHappensToNoRows() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      float[] before = new float[WIDTH];
      Arrays.fill(before, 3);
      DeviceBuffer x = rig.floats(before);
      rig.stream.clamp(x, 0, WIDTH, 1);
      rig.stream.scaleRows(x, 0, WIDTH, new float[0]);
      rig.stream.addScaled(x, 0, WIDTH, 2, x);
      rig.stream.sigmoidGate(x, 0, WIDTH, x, DType.F32);
      assertThat(rig.read(x, WIDTH)).containsExactly(before);
    }
  }
}
