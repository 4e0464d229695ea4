package dev.drey.runtime.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Choices of which the figures are known: 8 experts, one per token, so that a quarter is two. */
class RoutingProfileTest {
  private static final int EXPERTS = 8;

  private static RoutingProfile profile(int[][]... layers) {
    return RoutingProfile.of(EXPERTS, 1, layers.length == 1 ? List.of(3) : List.of(3, 5), layers);
  }

  @Test
  void sharesAreLearntFromFirstHalvesAndMeasuredOnSecondHalves() {
    int[][] chosen = {{0, 0, 1, 0, /**/ 0, 1, 2, 7}, {4, 5, 5, 4, /**/ 0, 4, 5, 4}};
    LayerRouting layer = profile(chosen).layers().get(0);
    assertThat(layer.layer()).isEqualTo(3);
    // First halves chose 0 three times and, of 4 and 5, the lower one is the second most popular.
    assertThat(layer.popularQuarter()).isEqualTo((1 + 3) / 8.0);
    // The first prompt's own are 0 and 1, the second's 4 and 5.
    assertThat(layer.ownQuarter()).isEqualTo((2 + 3) / 8.0);
  }

  @Test
  void theNextLayerIsGuessedFromThisOneAndFromPopularity() {
    int[][] first = {{0, 1, 2, 0, /**/ 0, 1, 2, 3}};
    int[][] second = {{6, 7, 7, 6, /**/ 6, 7, 1, 6}};
    LayerRouting layer = profile(first, second).layers().get(0);
    assertThat(layer.guessedByChoice()).as("0 goes with 6, 1 and 2 with 7").isEqualTo(3 / 4.0);
    assertThat(layer.guessedByPopularity()).as("6 is as popular as 7").isEqualTo(2 / 4.0);
    assertThat(profile(first, second).meanOfNext(LayerRouting::guessedByChoice))
        .as("the last layer has no next one")
        .isEqualTo(3 / 4.0);
  }

  @Test
  void choicesAtRandomShowNoHabit() {
    SplittableRandom random = new SplittableRandom(5);
    int[][] first = new int[20][];
    int[][] second = new int[20][];
    for (int prompt = 0; prompt < first.length; prompt++) {
      first[prompt] = random.ints(400, 0, EXPERTS).toArray();
      second[prompt] = random.ints(400, 0, EXPERTS).toArray();
    }
    LayerRouting layer = profile(first, second).layers().get(0);
    assertThat(layer.zipfExponent()).isLessThan(0.05);
    assertThat(layer.popularQuarter()).isCloseTo(0.25, within(0.03));
    assertThat(layer.ownQuarter()).isCloseTo(0.25, within(0.03));
    assertThat(layer.guessedByPopularity()).isCloseTo(0.125, within(0.03));
    assertThat(layer.guessedByChoice()).isCloseTo(0.125, within(0.03));
  }
}
