package dev.drey.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which tokens can be drawn, and how often, against exact probabilities. */
class TruncationTest {
  private static final int DRAWS = 20_000;

  /** Probabilities 0.4, 0.3, 0.2, 0.1, in this order of ids: 2, 0, 3, 1. */
  private static final float[] LOGITS = {
    (float) Math.log(0.3), (float) Math.log(0.1), (float) Math.log(0.4), (float) Math.log(0.2)
  };

  private final Params params = new Params().temperature(1).seed(11);

  private static int[] counts(SamplingParams sampling, float... logits) {
    Sampler sampler = new Sampler(logits.length, Set.of());
    int[] counts = new int[logits.length];
    int[] output = new int[DRAWS];
    for (int i = 0; i < DRAWS; i++) {
      TokenHistory history = new TokenHistory("s", new int[0], output, i);
      counts[sampler.sample(FloatBuffer.wrap(logits), sampling, history).id()]++;
    }
    return counts;
  }

  private Set<Integer> drawn() {
    Set<Integer> ids = new TreeSet<>();
    int[] counts = counts(params.build(), LOGITS);
    for (int id = 0; id < counts.length; id++) {
      if (counts[id] > 0) {
        ids.add(id);
      }
    }
    return ids;
  }

  /** Pearson's statistic; compare with the 99.9 % point for one degree less than categories. */
  private static double chiSquare(int[] counts, double... probabilities) {
    double sum = 0;
    for (int id = 0; id < counts.length; id++) {
      double expected = probabilities[id] * DRAWS;
      if (expected == 0) {
        assertThat(counts[id]).as("draws of impossible token %d", id).isZero();
      } else {
        sum += (counts[id] - expected) * (counts[id] - expected) / expected;
      }
    }
    return sum;
  }

  @Test
  void drawsByTheSoftmax() {
    assertThat(chiSquare(counts(params.build(), LOGITS), 0.3, 0.1, 0.4, 0.2)).isLessThan(16.27);
  }

  @Test
  void dividesLogitsByTheTemperature() {
    double sum = 0.09 + 0.01 + 0.16 + 0.04;
    params.temperature(0.5);

    assertThat(
            chiSquare(
                counts(params.build(), LOGITS), 0.09 / sum, 0.01 / sum, 0.16 / sum, 0.04 / sum))
        .isLessThan(16.27);
  }

  @Test
  void drawsOverALargeVocabularyByTheSoftmax() {
    float[] logits = new float[3000];
    for (int id = 0; id < logits.length; id++) {
      logits[id] = (float) Math.log(1 + id % 3);
    }
    int[] byWeight = new int[3];
    int[] counts = counts(params.build(), logits);
    for (int id = 0; id < counts.length; id++) {
      byWeight[id % 3] += counts[id];
    }

    assertThat(chiSquare(byWeight, 1 / 6., 2 / 6., 3 / 6.)).isLessThan(13.82);
  }

  @Test
  void topKKeepsTheLikeliestAndTheLowerIdOfTwo() {
    params.topK(2);
    assertThat(chiSquare(counts(params.build(), LOGITS), 3 / 7., 0, 4 / 7., 0)).isLessThan(10.83);
    params.topK(1);
    assertThat(drawn()).containsExactly(2);
    params.topK(4);
    assertThat(drawn()).hasSize(4);
    params.topK(1000);
    assertThat(drawn()).hasSize(4);
    params.topK(2);
    assertThat(counts(params.build(), 1, 1, 1, 1)).endsWith(0, 0);
  }

  @Test
  void topPKeepsTheTokenThatReachesTheSum() {
    params.topP(0.39);
    assertThat(drawn()).containsExactly(2);
    params.topP(0.41);
    assertThat(drawn()).containsExactly(0, 2);
    params.topP(0.69);
    assertThat(chiSquare(counts(params.build(), LOGITS), 3 / 7., 0, 4 / 7., 0)).isLessThan(10.83);
    params.topP(0.71);
    assertThat(drawn()).containsExactly(0, 2, 3);
    params.topP(0.999999);
    assertThat(drawn()).hasSize(4);
    params.topP(1e-300);
    assertThat(drawn()).containsExactly(2);
  }

  @Test
  void topPCountsTheProbabilitiesThatTopKLeft() {
    params.topK(2).topP(0.58); // 4/7 = 0.571
    assertThat(drawn()).containsExactly(0, 2);
    params.topP(0.57);
    assertThat(drawn()).containsExactly(2);
  }

  @Test
  void minPDropsWhatIsLessLikelyThanItsShareOfTheLikeliest() {
    params.minP(0.76);
    assertThat(drawn()).containsExactly(2);
    params.minP(0.74);
    assertThat(chiSquare(counts(params.build(), LOGITS), 3 / 7., 0, 4 / 7., 0)).isLessThan(10.83);
    params.minP(0.49);
    assertThat(drawn()).containsExactly(0, 2, 3);
    params.minP(1);
    assertThat(drawn()).containsExactly(2);
    assertThat(counts(params.build(), 5, 5, 4)).doesNotContain(DRAWS).endsWith(0);
  }

  @Test
  void minPComparesAtTheTemperature() {
    params.minP(0.76).temperature(2); // ratios become their square roots: 0.866, 0.707, 0.5
    assertThat(drawn()).containsExactly(0, 2);
  }

  @Test
  void extremeTemperaturesNeitherOverflowNorLoseTheDraw() {
    params.temperature(Double.MIN_VALUE);
    assertThat(drawn()).containsExactly(2);
    params.temperature(Double.MAX_VALUE);
    assertThat(chiSquare(counts(params.build(), LOGITS), 0.25, 0.25, 0.25, 0.25)).isLessThan(16.27);
  }

  @Test
  void excludedTokensAreNeverDrawn() {
    assertThat(counts(params.build(), 0, Float.NEGATIVE_INFINITY, 0)[1]).isZero();
    params.topP(0.99);
    assertThat(counts(params.build(), 0, Float.NEGATIVE_INFINITY, 0)[1]).isZero();
  }
}
