package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DriftTest {
  private final Drift drift = new Drift();

  private boolean observe(double... ratios) {
    boolean changed = false;
    for (double ratio : ratios) {
      changed = drift.observe(ratio);
    }
    return changed;
  }

  @Test
  void followsTheMedianOfWindowsThatAllLieBeyondTheBand() {
    assertThat(observe(2, 9)).isFalse();
    assertThat(drift.ratio()).isEqualTo(1);
    assertThat(observe(1.5)).isTrue();
    assertThat(drift.ratio()).isEqualTo(2);
  }

  @Test
  void oneWindowWithinTheBandOrOnTheOtherSideStartsAnew() {
    observe(2, 2, 1.2, 2, 2, 0.5, 2, 2);
    assertThat(drift.ratio()).isEqualTo(1);
    observe(2);
    assertThat(drift.ratio()).isEqualTo(2);
  }

  @Test
  void whatLiesWithinTheBandAroundTheRatioInUseChangesNothing() {
    observe(2, 2, 2);
    assertThat(observe(1.7, 1.7, 1.7, 1.7, 2.4, 2.4, 2.4)).isFalse();
    assertThat(drift.ratio()).isEqualTo(2);
  }

  @Test
  void comesBackToExactlyWhatWasPlanned() {
    observe(0.25, 0.25, 0.25);
    assertThat(drift.ratio()).isEqualTo(0.25);
    assertThat(observe(0.93, 1.04, 0.97)).isTrue();
    assertThat(drift.ratio()).isEqualTo(1);
  }
}
