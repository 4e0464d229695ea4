package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StackedGatesPredictorTest {
  private static final int[] NOBODY = {0, 1};
  private static final float[] EVENLY = {0.5f, 0.5f};

  private final PredictorRig rig = rig("gate.next-layer", PredictorShape.of(5, 8, 2));

  private static PredictorRig rig(String name, PredictorShape shape) {
    return PredictorRig.of(name, shape, PredictorOptions.DEFAULT);
  }

  private static PredictorRig.Span prompt(int rows) {
    return new PredictorRig.Span(0, rows, rows, 0);
  }

  @Test
  void theUnionOverTheRowsComesMostPopularFirst() {
    rig.gate(3, new int[] {7, 4, 4, 2, 4, 2}, new float[] {0.9f, 0.1f, 0.6f, 0.4f, 0.5f, 0.5f});
    rig.begin(prompt(3));
    assertThat(rig.targets()).isEmpty();
    rig.route(2, 0, 1, 0, 1, 0, 1);
    assertThat(rig.targets()).containsExactly(3);
    assertThat(rig.predicted(3)).containsExactly(4, 2, 7);
    assertThat(rig.scores(3)).containsExactly(3f, 2f, 1f);
  }

  @Test
  void equallyPopularExpertsRankByWeightThenByIndex() {
    rig.gate(3, new int[] {6, 5, 1, 3}, new float[] {0.7f, 0.3f, 0.7f, 0.3f});
    rig.begin(prompt(2));
    rig.route(2, 0, 1, 0, 1);
    assertThat(rig.predicted(3)).containsExactly(1, 6, 3, 5);
  }

  @Test
  void rowsBeyondTheStepDoNotCount() {
    rig.gate(3, new int[] {6, 5, 1, 3}, new float[] {0.7f, 0.3f, 0.7f, 0.3f});
    rig.begin(prompt(1));
    rig.route(2, 0, 1);
    assertThat(rig.predicted(3)).containsExactly(6, 5);
  }

  @Test
  void stackedGatesLookThreeLayersAheadNearestFirstAndNotBeyondTheEnd() {
    PredictorRig stacked = rig("hobbit.stacked-gates", PredictorShape.of(5, 8, 2));
    stacked.gate(2, new int[] {6, 5}, EVENLY);
    stacked.gate(3, new int[] {1, 2}, EVENLY);
    stacked.gate(4, new int[] {3, 4}, EVENLY);
    stacked.begin(prompt(1));
    stacked.route(1, NOBODY);
    assertThat(stacked.said)
        .containsExactly(
            "0/1->2 [5, 6] [1.0, 1.0]", "0/1->3 [1, 2] [1.0, 1.0]", "0/1->4 [3, 4] [1.0, 1.0]");
    stacked.route(3, NOBODY);
    assertThat(stacked.targets()).containsExactly(4);
    stacked.route(4, NOBODY);
    assertThat(stacked.targets()).isEmpty();
  }

  @Test
  void aLookaheadBeyondAnyModelMeansAllLayersThatFollow() {
    StackedGatesPredictor all =
        new StackedGatesPredictor("test", PredictorShape.of(5, 8, 2), Integer.MAX_VALUE);
    assertThat(all.gates(2)).containsExactly(3, 4);
  }

  @Test
  void theNextLayerIsTheNextOneThatHasExperts() {
    PredictorRig sparse =
        rig("gate.next-layer", new PredictorShape(List.of(1, 3, 5), 8, 2, "digest"));
    sparse.gate(3, new int[] {6, 5}, EVENLY);
    sparse.begin(prompt(1));
    sparse.route(1, NOBODY);
    assertThat(sparse.targets()).containsExactly(3);
  }

  @Test
  void agreesWithAPlainSortOnRandomRoutings() {
    int experts = 64;
    int rows = 200;
    PredictorRig gate = rig("gate.next-layer", PredictorShape.of(2, experts, 4));
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      int[] chosen = new int[rows * 4];
      float[] weights = new float[rows * 4];
      Map<Integer, Integer> count = new TreeMap<>();
      Map<Integer, Float> weight = new TreeMap<>();
      for (int i = 0; i < rows * 4; i++) {
        chosen[i] = (int) Math.abs(random.nextGaussian() * 12) % experts;
        weights[i] = random.nextInt(4) / 4f;
        count.merge(chosen[i], 1, Integer::sum);
        weight.merge(chosen[i], weights[i], Float::sum);
      }
      List<Integer> expected =
          count.keySet().stream()
              .sorted(
                  Comparator.<Integer>comparingInt(count::get)
                      .thenComparing(weight::get)
                      .reversed()
                      .thenComparing(Comparator.naturalOrder()))
              .toList();
      gate.gate(1, chosen, weights);
      gate.begin(prompt(rows));
      gate.route(0, chosen, weights);
      assertThat(gate.predicted(1)).isEqualTo(expected);
    }
  }
}
