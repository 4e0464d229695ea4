package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every device owes for expert feed-forward networks. */
interface ExpertConformance extends DeviceFactory {
  private static ModelConfig model(int hidden, int intermediate) {
    return Rig.model(
        hidden,
        64,
        new AttentionConfig(4, 2, 32, true, 10_000),
        new MoeConfig(16, 4, intermediate, true));
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

  private static int[] range(int from, int count) {
    int[] rows = new int[count];
    for (int i = 0; i < count; i++) {
      rows[i] = from + i;
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"64,40", "40,64", "96,320", "320,1024", "1024,320"})
  default void expertsAreRightAndTokensIndependent(int hidden, int intermediate) {
    try (Rig rig = rig(model(hidden, intermediate))) {
      Expert expert = expert(rig, 1);
      float[] x = rig.rounded(Numbers.floats(9, 130 * hidden));
      DeviceBuffer input = rig.activations(x);
      DeviceBuffer out = rig.space(130 * hidden);
      rig.stream.experts(
          input, List.of(new ExpertBatch(expert, range(0, 130), range(0, 130), 130)), out);
      float[] all = rig.read(out, 130 * hidden);
      for (int row : new int[] {0, 77, 129}) {
        checkRow(rig, x, row, all);
      }
      for (int tokens : Numbers.ROWS) {
        DeviceBuffer some = rig.space(130 * hidden);
        rig.stream.experts(
            input,
            List.of(new ExpertBatch(expert, range(130 - tokens, tokens), range(0, tokens), tokens)),
            some);
        assertSameBits(
            rig.read(some, tokens * hidden),
            Numbers.rows(all, hidden, 130 - tokens, 130),
            tokens + " tokens");
      }
    }
  }

  private static void checkRow(Rig rig, float[] x, int row, float[] actual) {
    int hidden = rig.model.hidden();
    int intermediate = rig.model.moe().intermediate();
    float[] gate = weights(1, hidden, intermediate);
    float[] up = weights(2, hidden, intermediate);
    float[] down = weights(3, intermediate, hidden);
    float[] between = new float[intermediate];
    double error = 0;
    for (int i = 0; i < intermediate; i++) {
      Numbers.Expected gated = Numbers.dot(x, row, gate, i, hidden);
      Numbers.Expected other = Numbers.dot(x, row, up, i, hidden);
      double silu = gated.value() / (1 + Math.exp(-gated.value()));
      between[i] = rig.rounded((float) (silu * other.value()));
      double slack =
          1.1 * gated.tolerance() * Math.abs(other.value()) + Math.abs(silu) * other.tolerance();
      slack += 1e-6 * Math.abs(between[i]);
      // rounding may fall to the other side
      slack += rig.rounded(1 + 1e-3f) == 1 ? Math.abs(between[i]) / 256 : 0;
      error = Math.max(error, slack);
    }
    for (int i = 0; i < hidden; i++) {
      Numbers.Expected product = Numbers.dot(between, 0, down, i, intermediate);
      double tolerance = product.tolerance() + error * 2 * Math.sqrt(intermediate);
      new Numbers.Expected(product.value(), tolerance)
          .check(actual[row * hidden + i], "row " + row + " element " + i);
    }
  }

  @Test
  default void manyExpertsAtOnceInAnyOrderOrOneByOneAreTheSame() {
    int hidden = 64;
    int tokens = 37;
    try (Rig rig = rig(model(hidden, 40))) {
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
        batches.add(new ExpertBatch(expert(rig, 10L * index), inputs, outputs, count));
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
          rig.stream.experts(input, List.of(new ExpertBatch(batch.expert(), from, to, 1)), single);
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
    try (Rig rig = rig(model(hidden, 40))) {
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
    try (Rig rig = rig(model(64, 40))) {
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
