package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class RotaryTableTest {
  private static double[] inverse(int dims, double theta, RotaryScaling scaling) {
    return Frequencies.inverse(new RotaryConfig(dims, false, theta, scaling));
  }

  private static void assertInverse(double[] actual, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("frequency %d", i)
          .isCloseTo(expected[i], Offset.offset(expected[i] * 5e-6));
    }
  }

  @Test
  void frequenciesFallGeometrically() {
    assertInverse(inverse(4, 10_000, new RotaryScaling.None()), 1, 0.01);
    assertInverse(inverse(6, 1000, new RotaryScaling.None()), 1, 0.1, 0.01);
  }

  @Test
  void linearScalingDividesThemAll() {
    assertInverse(inverse(4, 10_000, new RotaryScaling.Linear(4)), 0.25, 0.0025);
  }

  @Test
  void ntkScalingRaisesTheBase() {
    // 100 * 4^(4 / 2) = 1600
    assertInverse(inverse(4, 100, new RotaryScaling.NtkAlpha(4)), 1, 1 / 40.0);
  }

  @Test
  void llama3KeepsShortWavesDividesLongOnesAndBlendsBetween() {
    // waves of 6.28, 62.8 and 628 positions; short below 16, long above 64;
    // the second: (64 / 62.83 - 1) / (4 - 1) = 0.0061972 of it is kept
    assertInverse(inverse(6, 1000, new RotaryScaling.Llama3(8, 1, 4, 64)), 1, 0.01304226, 0.00125);
  }

  @Test
  void yarnKeepsFastFrequenciesAndInterpolatesSlowOnes() {
    // dimensions that turn 32 times and once over 4096 positions: 1.309 and 2.814
    assertInverse(
        inverse(8, 10_000, new RotaryScaling.Yarn(4, 4096, 32, 1, true, 1)),
        1,
        0.1,
        0.00625,
        0.00025);
    assertInverse(
        inverse(8, 10_000, new RotaryScaling.Yarn(4, 4096, 32, 1, false, 1)),
        1,
        0.1,
        0.00655697,
        0.00025);
  }

  @Test
  void yarnsMagnitudeGrowsWithTheLogarithmOfTheFactor() {
    assertThat(RotaryScaling.Yarn.magnitude(4, 1)).isCloseTo(1.1386294, Offset.offset(1e-7));
    assertThat(RotaryScaling.Yarn.magnitude(1, 1)).isEqualTo(1);
    double magnitude = 1.25;
    RotaryTable table =
        RotaryTable.of(
            new RotaryConfig(
                8, false, 10_000, new RotaryScaling.Yarn(4, 4096, 32, 1, true, magnitude)),
            3);
    assertThat(table.cos()[0]).isEqualTo(1.25f);
    assertThat(table.sin()[0]).isZero();
    assertThat(table.sin()[2 * 4 + 1])
        .isCloseTo((float) (1.25 * Math.sin(0.2)), Offset.offset(1e-6f));
  }

  @Test
  void aRowHoldsTheAnglesOfItsPosition() {
    RotaryTable table = RotaryTable.of(RotaryConfig.plain(4, 10_000), 5);
    assertThat(table.dims()).isEqualTo(4);
    assertThat(table.rows()).isEqualTo(5);
    assertThat(table.row(3, 5)).isEqualTo(3);
    assertThat(table.cos()[3 * 2]).isCloseTo((float) Math.cos(3), Offset.offset(1e-7f));
    assertThat(table.sin()[3 * 2 + 1]).isCloseTo((float) Math.sin(0.03), Offset.offset(1e-8f));
  }

  private static RotaryConfig longRope() {
    return new RotaryConfig(
        4,
        false,
        10_000,
        new RotaryScaling.LongRope(List.of(1.0, 2.0), List.of(4.0, 5.0), 1, 1.5, 8));
  }

  @Test
  void longRopeHasRowsForShortAndForLongSequences() {
    RotaryTable table = RotaryTable.of(longRope(), 16);
    assertThat(table.rows()).isEqualTo(32);
    int ofShort = table.row(3, 8);
    int ofLong = table.row(3, 9);
    assertThat(ofShort).isEqualTo(3);
    assertThat(ofLong).isEqualTo(19);
    // 3 * 0.01 / 2 and 3 * 0.01 / 5
    assertThat(table.sin()[ofShort * 2 + 1])
        .isCloseTo((float) Math.sin(0.015), Offset.offset(1e-8f));
    assertThat(table.sin()[ofLong * 2 + 1])
        .isCloseTo((float) (1.5 * Math.sin(0.006)), Offset.offset(1e-8f));
    assertThat(table.cos()[ofLong * 2])
        .isCloseTo((float) (1.5 * Math.cos(0.75)), Offset.offset(1e-6f));
  }

  @Test
  void longRopeNeedsNoLongRowsWhereNoSequenceIsLong() {
    RotaryTable table = RotaryTable.of(longRope(), 8);
    assertThat(table.rows()).isEqualTo(8);
    assertThat(table.row(7, 8)).isEqualTo(7);
  }
}
