package dev.drey.runtime.expertstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.BFloat16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupQuantisationTest {
  private static float[] restored(int bits, float... weights) {
    GroupQuantisation format = new GroupQuantisation(bits, weights.length);
    ByteBuffer row = bytes(weights.length * Short.BYTES);
    for (float weight : weights) {
      row.putShort(BFloat16.toBits(weight));
    }
    int gap = 3;
    ByteBuffer stored = bytes(gap + format.rowBytes());
    format.store(row, 0, stored, gap);
    ByteBuffer back = bytes(row.capacity());
    format.restore(stored, gap, back);
    assertThat(back.hasRemaining()).isFalse();
    float[] result = new float[weights.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = BFloat16.fromBits(back.getShort(i * Short.BYTES));
    }
    return result;
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void noWeightIsFartherOffThanHalfAStepOfItsGroup(int bits) {
    Random random = new Random(bits);
    float[] weights = new float[3 * GroupQuantisation.GROUP + 5];
    for (int i = 0; i < weights.length; i++) {
      int magnitude = i / GroupQuantisation.GROUP;
      weights[i] = BFloat16.round((float) (random.nextGaussian() * Math.pow(10, magnitude)));
    }
    float[] back = restored(bits, weights);
    for (int i = 0; i < weights.length; i++) {
      float most = 0;
      int group = i / GroupQuantisation.GROUP * GroupQuantisation.GROUP;
      for (int j = group; j < Math.min(group + GroupQuantisation.GROUP, weights.length); j++) {
        most = Math.max(most, Math.abs(weights[j]));
      }
      double step = most / ((1 << (bits - 1)) - 1);
      double rounding = Math.abs(weights[i]) / 128; // of bfloat16, which it is given back in
      assertThat((double) Math.abs(back[i] - weights[i]))
          .isLessThanOrEqualTo(0.5 * step + rounding);
    }
  }

  @Test
  void wholeNumbersOfStepsComeBackAsTheyWere() {
    assertThat(restored(4, -7, -3, 0, 5, 7)).containsExactly(-7, -3, 0, 5, 7);
    assertThat(restored(8, -127, 126, 1, 0)).containsExactly(-127, 126, 1, 0);
    assertThat(restored(4, 0, 0, 0)).containsExactly(0, 0, 0);
  }

  @Test
  void aRowTakesItsNumbersAndAScalePerGroup() {
    assertThat(new GroupQuantisation(8, 128).rowBytes()).isEqualTo(128 + 8);
    assertThat(new GroupQuantisation(4, 129).rowBytes()).isEqualTo(65 + 12);
  }

  @Test
  void otherPrecisionsAreRefused() {
    assertThatThrownBy(() -> new GroupQuantisation(3, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weights have 4 or 8 bits here, found 3");
  }
}
