package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MeanStepTest {
  @Test
  void placesFinishARecordAfterReadingItsPromptAndDecoding() {
    // a prompt of 100 takes 2 steps of 64, then 9 steps decode: 22 places finish 2 records a step
    MeanStep step = MeanStep.of(new Workload(100, 10), 22, 256);
    assertThat(step.records()).isCloseTo(22.0 / 10, within(1e-12));

    MeanStep narrow = MeanStep.of(new Workload(100, 10), 4, 64);
    assertThat(narrow.records()).isCloseTo(4.0 / 11, within(1e-12));
    assertThat(narrow.decodeRows()).isCloseTo(9 * 4.0 / 11, within(1e-12));
    assertThat(narrow.prefillRows()).isCloseTo(100 * 4.0 / 11, within(1e-12));
    assertThat(narrow.prefills()).isCloseTo(2 * 4.0 / 11, within(1e-12));
  }

  @Test
  void rowsAreTheLimitWherePlacesWouldFillMore() {
    MeanStep step = MeanStep.of(new Workload(100, 10), 1000, 128);

    assertThat(step.rows()).isCloseTo(128, within(1e-9));
    assertThat(step.records()).isCloseTo(128.0 / 109, within(1e-12));
  }

  @Test
  void scoringHasPromptsAlone() {
    MeanStep step = MeanStep.of(new Workload(30, 1), 4, 512);

    assertThat(step.decodeRows()).isZero();
    assertThat(step.rows()).isCloseTo(120, within(1e-9));
    assertThat(step.logitRows()).isCloseTo(4, within(1e-9));
    assertThat(step.prefillContext()).isEqualTo(15.5);
  }

  @Test
  void everyRowAttendsToWhatIsBeforeItAndToItself() {
    MeanStep step = MeanStep.of(new Workload(1, 5), 10, 64);
    // decode rows of a record attend to 2, 3, 4 and 5 positions
    assertThat(step.decodeContext()).isEqualTo(3.5);
    assertThat(step.work(7, 3)).isEqualTo(new StepWork(10, 10, 8 * 3.5 + 2, 8 * 3.5 + 2, 7, 3));
  }
}
