package dev.drey.runtime.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.GroupScore;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ExpertChoiceTest {
  private static final float[] NONE = {};

  private static Routing choose(RouterConfig rule, int k, float[] choiceBias, float... scores) {
    Routing routing = new Routing(1, k);
    new ExpertChoice(scores.length, k, rule).choose(scores, 0, choiceBias, routing, 0);
    return routing;
  }

  @Test
  void ranksFallInScoreAndTiesGoToTheLowerExpert() {
    Routing routing = choose(RouterConfig.softmax(false), 4, NONE, 0.1f, 0.3f, 0.2f, 0.3f, 0.1f);
    assertThat(routing.experts()).containsExactly(1, 3, 2, 0);
    assertThat(routing.weights()).containsExactly(0.3f, 0.3f, 0.2f, 0.1f);
  }

  @Test
  void normalisedWeightsSumToOneBeforeTheScale() {
    RouterConfig rule = RouterConfig.sigmoid(true).withScale(2.5);
    Routing routing = choose(rule, 2, NONE, 0.5f, 0.25f, 0.75f);
    assertThat(routing.experts()).containsExactly(2, 0);
    assertThat(routing.weights()).containsExactly(1.5f, 1f);
  }

  @Test
  void theScaleAloneMultipliesScores() {
    Routing routing = choose(RouterConfig.softmax(false).withScale(16), 1, NONE, 0.25f, 0.75f);
    assertThat(routing.weights()).containsExactly(12f);
  }

  @Test
  void theChoiceBiasDecidesButIsNotPartOfTheWeight() {
    RouterConfig rule = RouterConfig.sigmoid(false).withChoiceBias();
    float[] bias = {0, 0.5f, 0, -1};
    Routing routing = choose(rule, 2, bias, 0.6f, 0.2f, 0.4f, 0.9f);
    assertThat(routing.experts()).containsExactly(1, 0);
    assertThat(routing.weights()).containsExactly(0.2f, 0.6f);
  }

  @Test
  void groupsAreKeptByTheirBestExpert() {
    RouterConfig rule = RouterConfig.softmax(false).withGroups(3, 2, GroupScore.BEST);
    Routing routing = choose(rule, 3, NONE, 0.30f, 0.01f, 0.2f, 0.2f, 0.25f, 0.04f);
    assertThat(routing.experts()).containsExactly(0, 4, 5);
  }

  @Test
  void groupsAreKeptByTheSumOfTheirTwoBestWithBias() {
    RouterConfig rule =
        RouterConfig.sigmoid(false).withChoiceBias().withGroups(3, 1, GroupScore.BEST_TWO);
    float[] bias = {0, 0, 0, 0, 0, 0, 0.1f, 0.1f, 0};
    float[] scores = {0.9f, 0.1f, 0.1f, 0.5f, 0.55f, 0.1f, 0.5f, 0.5f, 0.1f};
    Routing routing = choose(rule, 2, bias, scores);
    assertThat(routing.experts()).containsExactly(6, 7);
    assertThat(routing.weights()).containsExactly(0.5f, 0.5f);
  }

  @Test
  void equalGroupsAreKeptFromTheLowestOn() {
    RouterConfig rule = RouterConfig.softmax(false).withGroups(4, 2, GroupScore.BEST);
    Routing routing = choose(rule, 4, NONE, 0.1f, 0.2f, 0.2f, 0.1f, 0.2f, 0.2f, 0.1f, 0.2f);
    assertThat(routing.experts()).containsExactly(1, 2, 0, 3);
  }

  @Test
  void aGroupOfOneExpertCountsOnce() {
    RouterConfig rule = RouterConfig.softmax(false).withGroups(3, 2, GroupScore.BEST_TWO);
    Routing routing = choose(rule, 2, NONE, 0.2f, 0.5f, 0.3f);
    assertThat(routing.experts()).containsExactly(1, 2);
  }

  @Test
  void whatIsNotANumberIsChosenLast() {
    Routing routing =
        choose(RouterConfig.softmax(false), 3, NONE, 0.1f, Float.NaN, 0.2f, Float.NaN);
    assertThat(routing.experts()).containsExactly(2, 0, 1);
  }

  @Test
  void scoresAndEntriesOfOtherTokensAreLeftAlone() {
    Routing routing = new Routing(3, 1);
    ExpertChoice choice = new ExpertChoice(2, 1, RouterConfig.softmax(false));
    choice.choose(new float[] {1, 0, 0.25f, 0.75f, 1, 0}, 2, NONE, routing, 1);
    assertThat(routing.experts()).containsExactly(0, 1, 0);
    assertThat(routing.weights()).containsExactly(0, 0.75f, 0);
  }

  @Test
  void sparseMixerWeighsAnExpertAgainstThoseNearToIt() {
    Routing routing = new Routing(1, 2);
    float[] logits = {2, 1.99f, 1, -3};
    new ExpertChoice(4, 2, RouterConfig.sparseMixer(0.01)).mix(logits, 0, routing, 0);
    assertThat(routing.experts()).containsExactly(0, 1);
    // 1 / (1 + exp(-0.01)): only expert 1 is within 2 % of the best
    assertThat(routing.weights()[0]).isCloseTo(0.5025f, Offset.offset(1e-5f));
    // without the best, nothing is near
    assertThat(routing.weights()[1]).isEqualTo(1);
  }

  @Test
  void sparseMixerMeasuresNearnessByTheLargerMagnitude() {
    Routing routing = new Routing(1, 2);
    float[] logits = {1, -3, 0.5f};
    // (1 - -3) / 3 and (1 - 0.5) / 1: with a jitter of 0.7 both are within 1.4
    new ExpertChoice(3, 2, RouterConfig.sparseMixer(0.7)).mix(logits, 0, routing, 0);
    assertThat(routing.experts()).containsExactly(0, 2);
    double first = 1 / (1 + Math.exp(-4) + Math.exp(-0.5));
    assertThat(routing.weights()[0]).isCloseTo((float) first, Offset.offset(1e-6f));
    // (0.5 - -3) / 3 = 1.17
    double second = 1 / (1 + Math.exp(-3.5));
    assertThat(routing.weights()[1]).isCloseTo((float) second, Offset.offset(1e-6f));
  }
}
