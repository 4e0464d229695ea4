package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.GatedUnit;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every device owes for expert feed-forward networks. */
interface ExpertConformance extends DeviceFactory {
  /** What experts can have besides weights. */
  enum Extras {
    NONE,
    BIAS_AND_CLAMPED_UNIT,
    SCALED_INPUT;

    MoeConfig of(MoeConfig plain) {
      return switch (this) {
        case NONE -> plain;
        case BIAS_AND_CLAMPED_UNIT -> plain.withBias(GatedUnit.clamped(0.7));
        case SCALED_INPUT -> plain.withScaledInput();
      };
    }
  }

  private static ModelConfig model(int hidden, int intermediate, Extras extras) {
    return Rig.model(hidden, 64, Rig.attention(), extras.of(Rig.moe(intermediate)));
  }

  private static float[] weights(long seed, int inputs, int outputs) {
    float[] values = Numbers.floats(seed, inputs * outputs);
    for (int i = 0; i < values.length; i++) {
      values[i] = BFloat16.round(values[i] * 2 / (float) Math.sqrt(inputs));
    }
    return values;
  }

  private static Expert expert(Rig rig, long seed) {
    ExpertShape shape = rig.model.expertShape();
    return rig.expert(
        shape,
        weights(seed, shape.hidden(), shape.intermediate()),
        weights(seed + 1, shape.hidden(), shape.intermediate()),
        weights(seed + 2, shape.intermediate(), shape.hidden()));
  }

  private static @Nullable ExpertBias bias(Rig rig) {
    if (!rig.model.moe().expertBias()) {
      return null;
    }
    return new ExpertBias(
        rig.floats(Numbers.floats(21, rig.model.moe().intermediate())),
        rig.floats(Numbers.floats(22, rig.model.moe().intermediate())),
        rig.floats(Numbers.floats(23, rig.model.hidden())));
  }

  /** Factors on the inputs of tokens {@code from} and later. */
  private static float @Nullable [] scales(Rig rig, int from, int tokens) {
    return rig.model.moe().scaledInput()
        ? Arrays.copyOfRange(Numbers.floats(31, 130), from, from + tokens)
        : null;
  }

  private static int[] range(int from, int count) {
    int[] rows = new int[count];
    for (int i = 0; i < count; i++) {
      rows[i] = from + i;
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({
    "64,40,NONE",
    "40,64,NONE",
    "96,320,NONE",
    "320,1024,NONE",
    "1024,320,NONE",
    "64,40,BIAS_AND_CLAMPED_UNIT",
    "96,320,BIAS_AND_CLAMPED_UNIT",
    "1024,360,BIAS_AND_CLAMPED_UNIT",
    "96,320,SCALED_INPUT"
  })
  default void expertsAreRightAndTokensIndependent(int hidden, int intermediate, Extras extras) {
    try (Rig rig = rig(model(hidden, intermediate, extras))) {
      Expert expert = expert(rig, 1);
      ExpertBias bias = bias(rig);
      float[] x = rig.rounded(Numbers.floats(9, 130 * hidden));
      DeviceBuffer input = rig.activations(x);
      DeviceBuffer out = rig.space(130 * hidden);
      int[] rows = range(0, 130);
      rig.stream.experts(
          input, List.of(new ExpertBatch(expert, bias, rows, rows, scales(rig, 0, 130), 130)), out);
      float[] all = rig.read(out, 130 * hidden);
      for (int row : new int[] {0, 77, 129}) {
        checkRow(rig, x, row, all);
      }
      for (int tokens : Numbers.ROWS) {
        int from = 130 - tokens;
        DeviceBuffer some = rig.space(130 * hidden);
        rig.stream.experts(
            input,
            List.of(
                new ExpertBatch(
                    expert,
                    bias,
                    range(from, tokens),
                    range(0, tokens),
                    scales(rig, from, tokens),
                    tokens)),
            some);
        assertSameBits(
            rig.read(some, tokens * hidden),
            Numbers.rows(all, hidden, from, 130),
            tokens + " tokens");
      }
    }
  }

  private static void checkRow(Rig rig, float[] input, int row, float[] actual) {
    int hidden = rig.model.hidden();
    int intermediate = rig.model.moe().intermediate();
    float[] x = scaled(rig, Numbers.rows(input, hidden, row, row + 1), row);
    float[] gate = weights(1, hidden, intermediate);
    float[] up = weights(2, hidden, intermediate);
    float[] down = weights(3, intermediate, hidden);
    boolean biased = rig.model.moe().expertBias();
    float[] between = new float[intermediate];
    double error = 0;
    for (int i = 0; i < intermediate; i++) {
      Numbers.Expected gated = Numbers.dot(x, 0, gate, i, hidden);
      Numbers.Expected other = Numbers.dot(x, 0, up, i, hidden);
      double g = gated.value() + (biased ? Numbers.floats(21, intermediate)[i] : 0);
      double u = other.value() + (biased ? Numbers.floats(22, intermediate)[i] : 0);
      double factor = biased ? Math.max(-0.7f, Math.min(0.7f, u)) + 1 : u;
      double limited = biased ? Math.min(0.7f, g) : g;
      double unit = limited / (1 + Math.exp(-(biased ? 1.702f : 1) * limited));
      between[i] = rig.rounded((float) (unit * factor));
      double slack =
          1.1 * gated.tolerance() * Math.abs(factor) + Math.abs(unit) * other.tolerance();
      slack += 1e-6 * (Math.abs(between[i]) + (biased ? 1 : 0));
      // rounding may fall to the other side
      slack += rig.rounded(1 + 1e-3f) == 1 ? Math.abs(between[i]) / 256 : 0;
      error = Math.max(error, slack);
    }
    float[] downBias = Numbers.floats(23, hidden);
    for (int i = 0; i < hidden; i++) {
      Numbers.Expected product = Numbers.dot(between, 0, down, i, intermediate);
      double tolerance = product.tolerance() + error * 2 * Math.sqrt(intermediate) + 1e-6;
      new Numbers.Expected(product.value() + (biased ? downBias[i] : 0), tolerance)
          .check(actual[row * hidden + i], "row " + row + " element " + i);
    }
  }

  private static float[] scaled(Rig rig, float[] x, int row) {
    float[] scales = scales(rig, row, 1);
    for (int i = 0; scales != null && i < x.length; i++) {
      x[i] = rig.rounded(x[i] * scales[0]);
    }
    return x;
  }

  @ParameterizedTest
  @EnumSource
  default void manyExpertsAtOnceInAnyOrderOrOneByOneAreTheSame(Extras extras) {
    int hidden = 64;
    int tokens = 37;
    try (Rig rig = rig(model(hidden, 40, extras))) {
      DeviceBuffer input = rig.activations(Numbers.floats(9, tokens * hidden));
      List<ExpertBatch> batches = new ArrayList<>();
      for (int index = 0; index < 7; index++) {
        int count = new int[] {0, 1, 3, 4, 5, 17, 33}[index];
        int[] inputs = new int[count];
        int[] outputs = new int[count];
        for (int i = 0; i < count; i++) {
          inputs[i] = (i * 5 + index) % tokens;
          outputs[i] = i * 7 + index;
        }
        Expert expert = expert(rig, 10L * index);
        batches.add(
            new ExpertBatch(expert, bias(rig), inputs, outputs, scales(rig, 0, count), count));
      }
      int outputRows = 33 * 7;
      DeviceBuffer together = rig.floats(new float[outputRows * hidden]);
      rig.stream.experts(input, batches, together);
      List<ExpertBatch> reversed = new ArrayList<>(batches);
      Collections.reverse(reversed);
      DeviceBuffer backwards = rig.floats(new float[outputRows * hidden]);
      rig.stream.experts(input, reversed, backwards);
      DeviceBuffer single = rig.floats(new float[outputRows * hidden]);
      for (ExpertBatch batch : batches) {
        for (int token = 0; token < batch.tokens(); token++) {
          int[] from = {batch.inputRows()[token]};
          int[] to = {batch.outputRows()[token]};
          float[] scale = scales(rig, token, 1);
          rig.stream.experts(
              input,
              List.of(new ExpertBatch(batch.expert(), batch.bias(), from, to, scale, 1)),
              single);
        }
      }
      float[] expected = rig.read(together, outputRows * hidden);
      assertSameBits(rig.read(backwards, expected.length), expected, "reversed");
      assertSameBits(rig.read(single, expected.length), expected, "token by token");
    }
  }

  @Test
  default void aTokenDoesNotSeeTheOtherTokensOfItsExpert() {
    int hidden = 64;
    try (Rig rig = rig(model(hidden, 40, Extras.NONE))) {
      Expert expert = expert(rig, 1);
      float[] row = rig.rounded(Numbers.floats(3, hidden));
      DeviceBuffer out = rig.space(33 * hidden);
      rig.stream.experts(
          rig.activations(row),
          List.of(new ExpertBatch(expert, new int[] {0}, new int[] {0}, 1)),
          out);
      float[] alone = rig.read(out, hidden);
      float[] x = new float[33 * hidden];
      Arrays.fill(x, Float.NaN);
      System.arraycopy(row, 0, x, 21 * hidden, hidden);
      rig.stream.experts(
          rig.activations(x),
          List.of(new ExpertBatch(expert, range(0, 33), range(0, 33), 33)),
          out);
      assertSameBits(Numbers.rows(rig.read(out, 33 * hidden), hidden, 21, 22), alone, "among NaNs");
    }
  }

  @Test
  default void aCancelledOperationThrowsAndTheStreamStaysUsable() {
    try (Rig rig = rig(model(64, 40, Extras.NONE))) {
      Expert expert = expert(rig, 1);
      DeviceBuffer input = rig.activations(Numbers.floats(3, 64));
      DeviceBuffer out = rig.space(64);
      List<ExpertBatch> work = List.of(new ExpertBatch(expert, new int[] {0}, new int[] {0}, 1));
      rig.stream.experts(input, work, out);
      float[] expected = rig.read(out, 64);
      rig.stream.cancelWhen(() -> true);
      assertThatThrownBy(() -> rig.stream.experts(input, work, out))
          .isInstanceOf(CancellationException.class);
      rig.stream.cancelWhen(() -> false);
      rig.stream.write(new float[64], out);
      rig.stream.experts(input, work, out);
      assertSameBits(rig.read(out, 64), expected, "after a cancelled call");
    }
  }
}
