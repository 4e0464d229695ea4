package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShadowModelPredictorTest {
  private static final PredictorShape SHAPE = PredictorShape.of(5, 8, 2);

  private static PredictorRig rig(int lookahead) {
    return PredictorRig.of("shadow.int8", SHAPE, new PredictorOptions(lookahead, 0));
  }

  @Test
  void asManyLayersAsItLooksAheadAreToldAtOnceAndOneMoreAfterEachRouter() {
    PredictorRig rig = rig(2);
    rig.begin(PredictorRig.decode(0));
    assertThat(rig.targets()).containsExactly(0, 1);
    rig.route(0, 4, 5);
    assertThat(rig.targets()).containsExactly(2);
    rig.route(2, 4, 5);
    assertThat(rig.targets()).containsExactly(4);
    rig.route(3, 4, 5);
    assertThat(rig.targets()).isEmpty();
  }

  @Test
  void whatTheShadowChoseIsToldMostPopularFirst() {
    PredictorRig rig = rig(5); // the shadow's rows choose layer, layer + 1; layer + 2, layer + 3
    rig.begin(PredictorRig.decode(0), PredictorRig.decode(1));
    assertThat(rig.predicted(3)).containsExactly(3, 4, 5, 6);
    assertThat(rig.scores(3)).containsOnly(1f);
  }

  @Test
  void promptsAreNotForetold() {
    PredictorRig rig = rig(5);
    rig.begin(new PredictorRig.Span(0, 4, 4, 0));
    assertThat(rig.said).isEmpty();
  }

  @Test
  void withoutAShadowItDoesNotGoOn() {
    StepRows rows = new StepRows();
    rows.begin(7, null);
    ExpertPredictor predictor = rig(1).predictor;
    assertThatThrownBy(() -> predictor.stepBegan(rows, (layer, count, experts, scores) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no shadow model has run ahead of step 7");
  }

  @Test
  void anAlignmentPeriodBelowZeroIsRefused() {
    assertThatThrownBy(() -> new ShadowAlignment(-1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found -1 for tokens and 0 for keys and values");
  }
}
