package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StepPaceTest {
  private final StepPace pace = new StepPace();

  @Test
  void knowsNothingAtFirst() {
    assertThat(pace.rowsWithin(1000, 128)).isEqualTo(128);
  }

  @Test
  void takesTheTimePerRowWhileAllStepsAreEqual() {
    for (int i = 0; i < 5; i++) {
      pace.observe(10, 1000);
    }

    assertThat(pace.rowsWithin(1550, 128)).isEqualTo(15);
  }

  @Test
  void tellsTheFixedPartFromThePartPerRow() {
    for (int i = 0; i < 5; i++) {
      pace.observe(100, 10_000 + 100 * 3);
      pace.observe(40, 10_000 + 40 * 3);
    }

    // by the mean time per row it would be 87
    assertThat(pace.rowsWithin(10_000 + 130 * 3, 10)).isBetween(129, 130);
    assertThat(pace.rowsWithin(9_000, 10)).isZero();
  }

  @Test
  void doesNotTrustTheLineFarBeyondWhatItSaw() {
    pace.observe(1, 1000);
    pace.observe(2, 1001);

    assertThat(pace.rowsWithin(1_000_000, 10)).isEqualTo(10);
    pace.observe(100, 2000);
    assertThat(pace.rowsWithin(1_000_000_000, 10)).isBetween(50, 100);
  }

  @Test
  void takesTheTimePerRowWhereLargerStepsSeemToTakeLessTime() {
    for (int i = 0; i < 5; i++) {
      pace.observe(10, 2000);
      pace.observe(20, 1000);
    }

    assertThat(pace.rowsWithin(500, 1)).isBetween(4, 6);
  }

  @Test
  void forgetsOldStepsWhenTheMachineBecomesSlower() {
    for (int i = 0; i < 50; i++) {
      pace.observe(100, 1000);
    }
    assertThat(pace.rowsWithin(1000, 1)).isBetween(99, 100);
    for (int i = 0; i < 50; i++) {
      pace.observe(10, 1000);
    }

    assertThat(pace.rowsWithin(1000, 1)).isBetween(9, 12);
  }

  @Test
  void survivesAClockThatStandsStill() {
    pace.observe(10, 0);

    assertThat(pace.rowsWithin(1000, 7)).isEqualTo(7);
  }
}
