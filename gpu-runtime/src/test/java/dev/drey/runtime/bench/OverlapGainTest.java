package dev.drey.runtime.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OverlapGainTest {
  @Test
  void whereTheLinkIsShortTheBoundIsWhatIsLeftToBringIn() {
    OverlapGain gain = OverlapGain.of(150, 110, 10, 0.25);
    assertThat(gain.arrivalNanos()).isEqualTo(100);
    assertThat(gain.gain()).isEqualTo(110.0 / 150);
    assertThat(gain.bound()).isEqualTo(110.0 / 75);
    assertThat(gain.boundShare()).isEqualTo(0.5);
  }

  @Test
  void whereComputingIsLongerTheBoundIsToHideAllOfTheArrival() {
    assertThat(OverlapGain.of(100, 150, 100, 0).bound()).isEqualTo(1.5);
    assertThat(OverlapGain.of(100, 150, 100, 0).boundShare()).isEqualTo(1);
  }

  @Test
  void onDemandThatIsAsFastAsResidentLeavesNothingToGain() {
    assertThat(OverlapGain.of(100, 99, 100, 0).bound()).isEqualTo(1);
  }
}
