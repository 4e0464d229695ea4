package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class StepModelTest {
  private static final Workload WORKLOAD = new Workload(30, 11);
  private static final MeanStep STEP = MeanStep.of(WORKLOAD, 22, 256);
  private static final long EXPERT_BYTES = 3 * 16 * 12 * 2;

  private static final int LAYERS = SmallModel.LAYERS;
  private static final int ALL = LAYERS * SmallModel.EXPERTS;

  private static StepForecast forecast(Machine machine, int slots) {
    return SmallModel.steps(machine).forecast(STEP, slots, WindowPolicy.LRU);
  }

  @Test
  void operationsFollowOneAnotherAtTheirMeasuredTimes() {
    StepForecast all = forecast(SmallModel.machine(1e15, 1e15), ALL);
    double rows = STEP.rows();
    assertThat(rows).isEqualTo(80);
    double attentionWeights = 16 * 16 + 2 * (8 * 16) + 16 * 16;
    double products = LAYERS * attentionWeights * (1 + rows / 16);
    double rest = LAYERS * (50 + (rows - 1) * 2);
    double attend = LAYERS * (20 * (10 + 35.5) + 60 * (10 + 0.5 * 15.5));
    assertThat(all.attentionNanos()).isCloseTo(products + rest + attend, within(1e-6));
    double touched = 8 * (1 - Math.pow(0.75, rows));
    double tokens = rows * 2 / touched;
    assertThat(all.touchedPerLayer()).isCloseTo(touched, within(1e-12));
    // the cost is a line from one token on, so that of the mean is the mean of the costs
    assertThat(all.expertNanos())
        .isCloseTo(LAYERS * touched * 576 * (1 + tokens / 16), within(0.1));
    double sampling = 22 * 7 / 2.0; // on two threads
    assertThat(all.logitNanos()).isCloseTo(800 * (1 + 22 / 16.0) + sampling, within(1e-6));
    assertThat(all.nanos()).isEqualTo(all.computeNanos());
    assertThat(all.arrivalNanos()).isZero();
  }

  @Test
  void scoringTakesTheLogitsAndLogProbabilitiesOfAllRows() {
    StepForecast scored =
        SmallModel.steps(SmallModel.machine(1e15, 1e15))
            .forecast(STEP.scored(), ALL, WindowPolicy.LRU);

    double products = 800 * (1 + 64 / 16.0) + 800 * (1 + 16 / 16.0);
    double sampling = 80 * 90 / 2.0; // on two threads
    assertThat(scored.logitNanos()).isCloseTo(products + sampling, within(1e-6));
  }

  @Test
  void attentionThatWaitsForMemoryTakesAsLongAsItsKeysAndValues() {
    StepForecast fast = forecast(SmallModel.machine(1e15, 1e15), ALL);
    StepForecast slow = forecast(SmallModel.machine(1e6, 1e15), ALL);
    double stored =
        STEP.decodeRows() * STEP.decodeContext() + STEP.prefills() * STEP.prefillContext();
    double attend = LAYERS * (20 * (10 + 35.5) + 60 * (10 + 0.5 * 15.5));

    assertThat(slow.attentionNanos() - fast.attentionNanos())
        .isCloseTo(LAYERS * stored * 2 * 8 * Float.BYTES * 1e3 - attend, within(1e-3));
  }

  @Test
  void missingExpertsArriveWhileTheRestComputes() {
    StepForecast few = forecast(SmallModel.machine(1e15, 1e15), 8);
    StepForecast slowLink = forecast(SmallModel.machine(1e15, 1e6), 8);

    assertThat(few.nanos()).isCloseTo(few.computeNanos(), within(1.0));
    double missed = slowLink.missedPerLayer();
    assertThat(missed).isEqualTo(slowLink.touchedPerLayer());
    assertThat(slowLink.arrivalNanos())
        .isCloseTo(LAYERS * missed * EXPERT_BYTES / 1e6 * 1e9, within(1e-3));
    assertThat(slowLink.nanos()).isEqualTo(slowLink.arrivalNanos());
    assertThat(slowLink.nanos()).isGreaterThanOrEqualTo(slowLink.floor().nanos());
  }

  @Test
  void loadingThatNeedsProcessorsSlowsComputingDown() {
    // loading keeps both processors busy, so nothing overlaps
    StepForecast both = forecast(SmallModel.machine(1e15, 1e8, 2), 8);

    assertThat(both.nanos()).isCloseTo(both.computeNanos() + both.arrivalNanos(), within(1e-3));
  }

  @Test
  void theRulesSayWhatHidesBehindWhat() {
    StepForecast hidden = forecast(SmallModel.machine(1e15, 1e12), 8);
    StepForecast late = forecast(SmallModel.machine(1e15, 1e6), 8);

    List<OverlapRule> held = OverlapRule.of(hidden, LAYERS, 2);
    assertThat(held).allMatch(OverlapRule::holds);
    assertThat(OverlapRule.of(late, LAYERS, 2)).noneMatch(OverlapRule::holds);
    OverlapRule whole = held.get(2);
    assertThat(whole.computeNanos())
        .isCloseTo((hidden.attentionNanos() + hidden.expertNanos()) / LAYERS, within(1e-9));
    assertThat(whole.arrivalNanos()).isCloseTo(hidden.arrivalNanos() / LAYERS, within(1e-9));
    assertThat(held.get(0).arrivalNanos())
        .isCloseTo(2 * hidden.arrivalNanos() / LAYERS / hidden.missedPerLayer(), within(1e-9));
    assertThat(OverlapRule.of(forecast(SmallModel.machine(1, 1), ALL), LAYERS, 2))
        .extracting(OverlapRule::arrivalNanos)
        .containsOnly(0.0);
  }
}
