package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NonFiniteTest {
  private static final Path FILE = Path.of("m.safetensors");

  @ParameterizedTest
  @CsvSource({
    "F32,  7f800000, Infinity",
    "F32,  ff800000, -Infinity",
    "F32,  7fc00000, NaN",
    "F32,  ff800001, NaN",
    "BF16, 7f80,     Infinity",
    "BF16, ff80,     -Infinity",
    "BF16, 7f81,     NaN",
    "BF16, ffff,     NaN",
    "F16,  7c00,     Infinity",
    "F16,  fc00,     -Infinity",
    "F16,  7e00,     NaN",
    "F16,  fc01,     NaN"
  })
  void everyKindOfBadValueIsFoundAtEveryPlaceAndNamedWithItsIndex(
      DType type, String hex, String name) {
    int elements = 41;
    long bad = Long.parseLong(hex, 16);
    for (int at = 0; at < elements; at++) {
      ByteBuffer values = largest(type, elements);
      put(values, type, at, bad);
      put(values, type, elements - 1, at == elements - 1 ? bad : 0);
      TensorRegion tensor = tensor(type, 1000, 10);
      assertThatThrownBy(() -> NonFinite.refuse(tensor, 120L * type.bytes(), values))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(
              "m.safetensors: tensor 'w': expected finite values, found %s at element %d, index [%d, %d]. "
                  .formatted(name, 120 + at, (120 + at) / 10, (120 + at) % 10));
      assertThat(values.remaining()).isEqualTo(elements * type.bytes());
    }
  }

  @Test
  void theFirstOfSeveralIsNamed() {
    ByteBuffer values = largest(DType.BF16, 64);
    put(values, DType.BF16, 63, 0x7fc0);
    put(values, DType.BF16, 19, 0xff80);
    put(values, DType.BF16, 17, 0x7fc0);
    assertThatThrownBy(() -> NonFinite.refuse(tensor(DType.BF16, 64), 0, values))
        .hasMessageContaining("found NaN at element 17, index [17]");
  }

  @Test
  void onlyWhatLiesBetweenPositionAndLimitCounts() {
    ByteBuffer values = largest(DType.BF16, 40);
    put(values, DType.BF16, 1, 0x7fc0);
    put(values, DType.BF16, 38, 0x7fc0);
    values.position(2 * 2).limit(38 * 2);
    assertThatCode(() -> NonFinite.refuse(tensor(DType.BF16, 40), 0, values))
        .doesNotThrowAnyException();
    values.limit(39 * 2);
    assertThatThrownBy(() -> NonFinite.refuse(tensor(DType.BF16, 40), 4, values))
        .hasMessageContaining("element 38,");
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void theLargestFiniteValuesOfBothSignsPass(DType type) {
    ByteBuffer values = largest(type, 1024);
    assertThatCode(() -> NonFinite.refuse(tensor(type, 1024), 0, values))
        .doesNotThrowAnyException();
  }

  @Test
  void everyPatternOfSixteenBitsIsJudgedAsTheFormatSays() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat(refused(DType.BF16, bits))
          .as("BF16 %04x", bits)
          .isEqualTo(!Float.isFinite(Float.intBitsToFloat(bits << 16)));
      assertThat(refused(DType.F16, bits))
          .as("F16 %04x", bits)
          .isEqualTo((bits & 0x7c00) == 0x7c00);
    }
  }

  private static boolean refused(DType type, int bits) {
    ByteBuffer values = ByteBuffer.allocate(32);
    put(values, type, 5, bits);
    try {
      NonFinite.refuse(tensor(type, 16), 0, values);
      return false;
    } catch (ModelFileException e) {
      return true;
    }
  }

  @Test
  void aPartOfAnElementIsRefused() {
    assertThatThrownBy(() -> NonFinite.refuse(tensor(DType.BF16, 8), 1, ByteBuffer.allocate(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'w' has elements of 2 bytes");
    assertThatThrownBy(() -> NonFinite.refuse(tensor(DType.F32, 8), 4, ByteBuffer.allocate(2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static TensorRegion tensor(DType type, long... shape) {
    return new TensorRegion("w", FILE, type, shape, 0, TensorSpec.bytes(type, shape));
  }

  /** The largest finite values, by turns positive and negative. */
  private static ByteBuffer largest(DType type, int elements) {
    ByteBuffer values = ByteBuffer.allocateDirect(elements * type.bytes());
    for (int i = 0; i < elements; i++) {
      long sign = i % 2 == 0 ? 0 : 1L << (8 * type.bytes() - 1);
      put(values, type, i, sign | largest(type));
    }
    return values;
  }

  private static long largest(DType type) {
    return switch (type) {
      case F32 -> 0x7f7f_ffffL;
      case BF16 -> 0x7f7fL;
      case F16 -> 0x7bffL;
      case U8 -> 0xffL;
    };
  }

  private static void put(ByteBuffer values, DType type, int element, long bits) {
    ByteBuffer bytes = values.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    for (int i = 0; i < type.bytes(); i++) {
      bytes.put(element * type.bytes() + i, (byte) (bits >>> (8 * i)));
    }
  }
}
