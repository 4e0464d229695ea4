package dev.drey.runtime.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZipfFitTest {
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4, 1, 1.7})
  void theExponentOfCountsThatFollowTheLawIsFound(double exponent) {
    long[] counts = new long[64];
    for (int rank = 0; rank < counts.length; rank++) {
      int place = rank * 37 % counts.length; // their order must not matter
      counts[place] = Math.round(1e9 * Math.pow(rank + 1.0, -exponent));
    }
    assertThat(ZipfFit.exponent(counts)).isCloseTo(exponent, within(1e-3));
  }

  @Test
  void countsOnOneKindAloneHaveTheLargestExponent() {
    assertThat(ZipfFit.exponent(new long[] {0, 7, 0})).isCloseTo(20, within(1e-3));
  }
}
