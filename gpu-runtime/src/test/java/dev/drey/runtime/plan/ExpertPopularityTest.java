package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExpertPopularityTest {
  private static double uniform(int experts, int perToken, double tokens) {
    return ExpertPopularity.of(experts, perToken, 0).touched(tokens);
  }

  /** Figures of the published table for models of 8, 64 and 128 experts. */
  @Test
  void alikeExpertsAreTouchedAsTheClosedFormSays() {
    assertThat(uniform(8, 2, 1)).isCloseTo(2, within(1e-9));
    assertThat(uniform(8, 2, 4)).isCloseTo(5.5, within(0.05));
    assertThat(uniform(64, 6, 16)).isCloseTo(50.75, within(0.05));
    assertThat(uniform(128, 8, 32)).isCloseTo(111.8, within(0.05));
  }

  @Test
  void theMoreSkewTheFewerAreTouchedButOneTokenTouchesAsManyAsItChooses() {
    double before = Double.MAX_VALUE;
    for (double skew : new double[] {0, 0.3, 0.7, 1, 2, 5}) {
      ExpertPopularity popularity = ExpertPopularity.of(64, 6, skew);
      assertThat(popularity.touched(1)).isCloseTo(6, within(1e-9));
      assertThat(popularity.touched(32)).isLessThan(before).isGreaterThanOrEqualTo(6);
      before = popularity.touched(32);
    }
  }

  @Test
  void moreTokensTouchMoreAndAtLastAll() {
    ExpertPopularity popularity = ExpertPopularity.of(40, 3, 0.8);
    double before = 0;
    for (double tokens = 0.5; tokens < 1000; tokens *= 1.3) {
      assertThat(popularity.touched(tokens)).isGreaterThan(before);
      before = popularity.touched(tokens);
    }
    assertThat(before).isCloseTo(40, within(0.1));
    assertThat(popularity.touched(0)).isZero();
  }

  @Test
  void theCostOfExpertsIsThatOfTheTokensThatChooseThem() {
    for (double skew : new double[] {0, 0.8}) {
      ExpertPopularity popularity = ExpertPopularity.of(16, 4, skew);
      for (double tokens : new double[] {1, 7, 30, 300, 2000}) {
        assertThat(popularity.cost(tokens, count -> 1))
            .isCloseTo(popularity.touched(tokens), within(1e-5));
        assertThat(popularity.cost(tokens, count -> count)).isCloseTo(4 * tokens, within(1e-2));
      }
    }
  }

  @Test
  void expertsOfWholeTilesCostMoreThanTheMeanSays() {
    ExpertPopularity popularity = ExpertPopularity.of(16, 4, 0);

    double cost = popularity.cost(16, count -> 4 * Math.ceil(count / 4));

    // a binomial number of 16 tokens at 1 in 4, rounded up to fours, is 5.469 on average
    assertThat(cost / 16).isCloseTo(5.469, within(0.001));
  }

  /** Tokens that choose one expert each by the distribution touch as many as it says. */
  @Test
  void drawnTokensTouchAsManyAsExpected() {
    int experts = 20;
    double[] weights = new double[experts];
    double sum = 0;
    for (int i = 0; i < experts; i++) {
      weights[i] = Math.pow(i + 1, -0.9);
      sum += weights[i];
    }
    SplittableRandom random = new SplittableRandom(8);
    double touched = 0;
    int rounds = 20_000;
    for (int round = 0; round < rounds; round++) {
      boolean[] seen = new boolean[experts];
      for (int token = 0; token < 12; token++) {
        double at = random.nextDouble() * sum;
        int expert = 0;
        while (expert < experts - 1 && at >= weights[expert]) {
          at -= weights[expert++];
        }
        touched += seen[expert] ? 0 : 1;
        seen[expert] = true;
      }
    }
    assertThat(ExpertPopularity.of(experts, 1, 0.9).touched(12))
        .isCloseTo(touched / rounds, within(0.05));
  }

  @Test
  void partsAddUpToTheWhole() {
    ExpertPopularity popularity = ExpertPopularity.of(30, 4, 0.5);
    assertThat(popularity.touchedAmong(30, 9)).isCloseTo(popularity.touched(9), within(1e-9));
    assertThat(popularity.touchedAmong(2.5, 9))
        .isBetween(popularity.touchedAmong(2, 9), popularity.touchedAmong(3, 9));
    assertThat(popularity.touchedAnew(0, 9)).isCloseTo(popularity.touched(9), within(1e-9));
    assertThat(popularity.touchedAnew(1e9, 9)).isCloseTo(0, within(1e-9));
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> ExpertPopularity.of(4, 5, 0)).hasMessageContaining("5 of 4");
    assertThatThrownBy(() -> ExpertPopularity.of(4, 2, -1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> ExpertPopularity.of(4, 2, Double.NaN)).hasMessageContaining("NaN");
  }
}
