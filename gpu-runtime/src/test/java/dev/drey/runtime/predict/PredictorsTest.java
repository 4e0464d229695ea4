package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PredictorsTest {
  private static final PredictorShape SHAPE = PredictorShape.of(4, 8, 2);

  private static ExpertPredictor named(String name) {
    return Predictors.named(name, SHAPE, PredictorOptions.DEFAULT);
  }

  @Test
  void everyPredictorBearsTheNameItIsKnownBy() {
    PredictorOptions options = Untrained.options(PredictorOptions.DEFAULT, SHAPE);
    for (String name : Predictors.names()) {
      assertThat(Predictors.named(name, SHAPE, options).name()).isEqualTo(name);
    }
  }

  @Test
  void noPredictorReadsNothingAndSaysNothing() {
    assertThat(named("none").reads()).isEmpty();
    PredictorRig rig = PredictorRig.of("none", SHAPE, PredictorOptions.DEFAULT);
    rig.begin(PredictorRig.decode(0));
    rig.route(0, 1, 2);
    assertThat(rig.said).isEmpty();
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> named("oracle"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown predictor 'oracle'; known are " + Predictors.names());
  }

  @Test
  void modelsWithTooManyExpertsAreRefused() {
    assertThatThrownBy(() -> PredictorShape.of(2, 4097, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("experts per layer must be 1 to 4096, found 4097");
  }

  @Test
  void layersMustRise() {
    assertThatThrownBy(() -> new PredictorShape(List.of(1, 1), 4, 2, "digest"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found layers [1, 1]");
  }
}
