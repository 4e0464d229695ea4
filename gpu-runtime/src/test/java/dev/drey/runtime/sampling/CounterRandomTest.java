package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CounterRandomTest {
  /** Known answers of {@code philox4x32 10} published with the Random123 library. */
  @Test
  void givesThePublishedWordsForThePublishedCountersAndKeys() {
    int[] zeros = {0, 0, 0, 0};
    CounterRandom.philox(zeros, 0, 0);
    assertThat(zeros).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);

    int[] ones = {-1, -1, -1, -1};
    CounterRandom.philox(ones, -1, -1);
    assertThat(ones).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);

    int[] pi = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    CounterRandom.philox(pi, 0xa4093822, 0x299f31d0);
    assertThat(pi).containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void makesTheUniformFromTheTwoFirstWords() {
    long expected = ((0x6627e8d5L << 32 | 0xe169c58dL) & -1L) >>> 11;

    assertThat(CounterRandom.uniform(0, 0)).isEqualTo(expected * 0x1p-53);
  }

  @Test
  void staysBelowOneAndDiffersByPositionAndBySeed() {
    Set<Double> seen = new HashSet<>();
    for (long seed : new long[] {0, 1, -1, 1L << 32, Long.MIN_VALUE}) {
      for (long position = 0; position < 1000; position++) {
        double uniform = CounterRandom.uniform(seed, position);
        assertThat(uniform).isGreaterThanOrEqualTo(0).isLessThan(1);
        seen.add(uniform);
      }
    }
    assertThat(seen).hasSize(5000);
  }
}
