package dev.drey.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BFloat16Test {
  @Test
  void valuesAreRoundedToTheNearestWithTiesToEven() {
    assertThat(BFloat16.round(1)).isEqualTo(1);
    assertThat(BFloat16.round(1 + 1 / 256f)).isEqualTo(1);
    assertThat(BFloat16.round(1 + 3 / 256f)).isEqualTo(1 + 4 / 256f);
    assertThat(BFloat16.round(1 + 1.01f / 256)).isEqualTo(1 + 2 / 256f);
    assertThat(BFloat16.round(-1 - 1.01f / 256)).isEqualTo(-1 - 2 / 256f);
    assertThat(BFloat16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Float.floatToRawIntBits(BFloat16.round(-0f))).isEqualTo(0x80000000);
  }

  @Test
  void everyNaNStaysOne() {
    for (int bits : new int[] {0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff}) {
      assertThat(BFloat16.round(Float.intBitsToFloat(bits))).isNaN();
    }
    assertThat(BFloat16.round(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void whatFitsIsKept() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = BFloat16.fromBits((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(BFloat16.toBits(value)).isEqualTo((short) bits);
      }
    }
  }
}
