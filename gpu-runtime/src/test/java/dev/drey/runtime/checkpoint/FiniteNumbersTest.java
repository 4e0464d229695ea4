package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiniteNumbersTest {
  /** Numbers that are given, as though stored in a matrix of ten columns. */
  private record Given(float[] values, DType type) implements StoredNumbers {
    @Override
    public TensorRegion region() {
      return new TensorRegion("w", Path.of("m.safetensors"), type, new long[] {10, 10}, 0, 0);
    }

    @Override
    public long storedBytes() {
      return (long) values.length * type.bytes();
    }

    @Override
    public boolean isExact() {
      return type == DType.BF16;
    }

    @Override
    public void readBf16(long from, int count, ByteBuffer target) {
      for (int i = 0; i < count; i++) {
        target.putShort(BFloat16.toBits(values[(int) from + i]));
      }
    }

    @Override
    public void readFloats(long from, int count, float[] into, int at) {
      System.arraycopy(values, (int) from, into, at, count);
    }
  }

  private static FiniteNumbers guard(float[] values, DType type, boolean floats) {
    return new FiniteNumbers(new Given(values, type), new long[] {10, 10}, floats);
  }

  private static ByteBuffer target(int numbers) {
    return ByteBuffer.allocate(Short.BYTES * (numbers + 3))
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(6);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aBadNumberIsFoundAtEveryPlaceAndNamedWithItsIndex(float bad) {
    for (int at = 13; at < 60; at++) {
      float[] values = new float[100];
      values[at] = bad;
      values[99] = Float.NaN;
      FiniteNumbers numbers = guard(values, DType.BF16, false);
      String message =
          "m.safetensors: tensor 'w': expected finite numbers, found %s at number %d, index [%d, %d]. "
              .formatted(bad, at, at / 10, at % 10);
      assertThatThrownBy(() -> numbers.readBf16(13, 47, target(47)))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(message);
      assertThatThrownBy(() -> numbers.readFloats(13, 47, new float[50], 2))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(message);
      assertThatThrownBy(numbers::readAll).hasMessageContaining(message);
    }
  }

  @Test
  void onlyWhatIsReadIsLookedAt() throws IOException {
    float[] values = new float[100];
    values[12] = Float.NaN;
    values[60] = Float.NaN;
    ByteBuffer target = target(47);
    target.putShort(2, (short) 0x7fc0);
    guard(values, DType.BF16, false).readBf16(13, 47, target);
    assertThat(target.hasRemaining()).isFalse();
    guard(values, DType.BF16, true).readFloats(13, 47, new float[47], 0);
  }

  @Test
  void aNumberTooLargeForBfloat16CountsWhereItIsRoundedAndNotWhereItIsKept() throws IOException {
    float[] values = new float[100];
    values[41] = -Float.MAX_VALUE;
    assertThatThrownBy(() -> guard(values, DType.F32, false).readAll())
        .hasMessageContaining("expected finite numbers, also in bfloat16, found -Infinity")
        .hasMessageContaining("index [4, 1]");
    guard(values, DType.F32, true).readAll();
  }

  @Test
  void everyPatternOfSixteenBitsIsJudgedAsTheFormatSays() {
    ByteBuffer bits = ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN);
    for (int pattern = 0; pattern < 1 << 16; pattern++) {
      bits.putShort(2 * 21, (short) pattern);
      boolean finite = Float.isFinite(BFloat16.fromBits((short) pattern));
      if (FiniteNumbers.indexOfNonFinite(bits) != (finite ? 32 : 21)) {
        assertThat(FiniteNumbers.indexOfNonFinite(bits))
            .as("%04x", pattern)
            .isEqualTo(finite ? 32 : 21);
      }
    }
  }

  @Test
  void theLargestFiniteNumbersOfBothSignsPassSideBySide() {
    ByteBuffer bits = ByteBuffer.allocate(2 * 33).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 33; i++) {
      bits.putShort(2 * i, (short) (i % 2 == 0 ? 0x7f7f : 0xff7f));
    }
    assertThat(FiniteNumbers.indexOfNonFinite(bits)).isEqualTo(33);
  }
}
