package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PredictorsTest {
  private final ExpertPredictor predictor = Predictors.named("gate.next-layer", 8);

  /** One token per row: expert, weight, expert, weight. */
  private static Routing routing(float[]... tokens) {
    Routing routing = new Routing(tokens.length + 1, 2);
    for (int t = 0; t < tokens.length; t++) {
      for (int rank = 0; rank < 2; rank++) {
        routing.experts()[t * 2 + rank] = (int) tokens[t][rank * 2];
        routing.weights()[t * 2 + rank] = tokens[t][rank * 2 + 1];
      }
    }
    return routing;
  }

  private static List<Prediction> predict(ExpertPredictor by, Routing routing, int tokens) {
    List<Prediction> predictions = new ArrayList<>();
    by.predict(5, 2, 3, routing, tokens, predictions::add);
    return predictions;
  }

  private static List<Integer> experts(List<Prediction> predictions) {
    return predictions.stream().map(p -> p.expert().index()).toList();
  }

  @Test
  void theUnionOverTheTokensComesMostPopularFirst() {
    Routing routing =
        routing(
            new float[] {7, 0.9f, 4, 0.1f},
            new float[] {4, 0.6f, 2, 0.4f},
            new float[] {4, 0.5f, 2, 0.5f});
    assertThat(predict(predictor, routing, 3))
        .containsExactly(
            new Prediction(5, 2, new ExpertId(3, 4), 3),
            new Prediction(5, 2, new ExpertId(3, 2), 2),
            new Prediction(5, 2, new ExpertId(3, 7), 1));
  }

  @Test
  void equallyPopularExpertsRankByWeightThenByIndex() {
    Routing routing = routing(new float[] {6, 0.7f, 5, 0.3f}, new float[] {1, 0.7f, 3, 0.3f});
    assertThat(experts(predict(predictor, routing, 2))).containsExactly(1, 6, 3, 5);
  }

  @Test
  void rowsBeyondTheTokensDoNotCount() {
    Routing routing = routing(new float[] {6, 0.7f, 5, 0.3f}, new float[] {1, 0.7f, 3, 0.3f});
    assertThat(experts(predict(predictor, routing, 1))).containsExactly(6, 5);
    assertThat(predict(predictor, routing, 0)).isEmpty();
  }

  @Test
  void theSameCallGivesTheSamePredictions() {
    Routing routing = routing(new float[] {6, 0.7f, 5, 0.3f}, new float[] {1, 0.7f, 6, 0.3f});
    List<Prediction> first = predict(predictor, routing, 2);
    predict(predictor, routing(new float[] {0, 1, 1, 0}), 1);
    assertThat(predict(predictor, routing, 2)).isEqualTo(first);
  }

  @Test
  void agreesWithAPlainSortOnRandomRoutings() {
    int experts = 64;
    int tokens = 200;
    ExpertPredictor gate = Predictors.named("gate.next-layer", experts);
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      Routing routing = new Routing(tokens, 4);
      Map<Integer, Integer> count = new TreeMap<>();
      Map<Integer, Float> weight = new TreeMap<>();
      for (int i = 0; i < tokens * 4; i++) {
        int expert = (int) Math.abs(random.nextGaussian() * 12) % experts;
        float w = random.nextInt(4) / 4f;
        routing.experts()[i] = expert;
        routing.weights()[i] = w;
        count.merge(expert, 1, Integer::sum);
        weight.merge(expert, w, Float::sum);
      }
      List<Integer> expected =
          count.keySet().stream()
              .sorted(
                  Comparator.<Integer>comparingInt(count::get)
                      .thenComparing(weight::get)
                      .reversed()
                      .thenComparing(Comparator.naturalOrder()))
              .toList();
      assertThat(experts(predict(gate, routing, tokens))).isEqualTo(expected);
    }
  }

  @Test
  void noPredictorLooksNowhere() {
    ExpertPredictor none = Predictors.named("none", 8);
    assertThat(none.lookahead()).isZero();
    assertThat(predict(none, routing(new float[] {6, 0.7f, 5, 0.3f}), 1)).isEmpty();
  }

  @Test
  void namesAreTheConfiguredOnes() {
    assertThat(predictor.name()).isEqualTo("gate.next-layer");
    assertThat(predictor.lookahead()).isEqualTo(1);
    assertThat(Predictors.named("none", 8).name()).isEqualTo("none");
    assertThatThrownBy(() -> Predictors.named("oracle", 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown predictor 'oracle'; known are [gate.next-layer, none]");
  }

  @Test
  void modelsWithTooManyExpertsAreRefused() {
    assertThatThrownBy(() -> Predictors.named("gate.next-layer", 4097))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("experts per layer must be 1 to 4096, found 4097");
  }
}
