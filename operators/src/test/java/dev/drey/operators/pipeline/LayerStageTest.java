package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerStageTest {
  @ParameterizedTest
  @CsvSource({"1, 8", "4, 8", "8, 8", "3, 8", "5, 94", "9, 6", "4, 1"})
  void stagesShareTheLayersInOrderWithoutGapsAndAboutEvenly(int stages, int layers) {
    assertThat(LayerStage.firstLayer(0, stages, layers)).isZero();
    assertThat(LayerStage.firstLayer(stages, stages, layers)).isEqualTo(layers);
    int used = Math.min(stages, layers);
    for (int stage = 0; stage < stages; stage++) {
      int share =
          LayerStage.firstLayer(stage + 1, stages, layers)
              - LayerStage.firstLayer(stage, stages, layers);
      assertThat(share)
          .isBetween(stage < used ? layers / used : 0, stage < used ? (layers - 1) / used + 1 : 0);
    }
  }
}
