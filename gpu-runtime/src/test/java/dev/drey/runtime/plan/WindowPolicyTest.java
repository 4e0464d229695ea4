package dev.drey.runtime.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.cache.LruPolicy;
import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WindowPolicyTest {
  private static final int LAYERS = 6;
  private static final int EXPERTS = 24;

  @ParameterizedTest
  @EnumSource(WindowPolicy.class)
  void aLargerWindowNeverMissesMoreAndAFullOneNothing(WindowPolicy policy) {
    for (double skew : new double[] {0, 0.6}) {
      ExpertPopularity popularity = ExpertPopularity.of(EXPERTS, 3, skew);
      for (double tokens : new double[] {1, 4, 20, 200}) {
        double before = popularity.touched(tokens);
        for (int slots = 2; slots <= LAYERS * EXPERTS; slots++) {
          double missed = policy.missedPerLayer(popularity, LAYERS, tokens, slots);
          assertThat(missed).isBetween(0.0, before + 1e-9);
          before = missed;
        }
        assertThat(before).isZero();
      }
    }
  }

  @Test
  void leastRecentlyUsedHitsNothingInAWindowThatTheOtherLayersFill() {
    ExpertPopularity popularity = ExpertPopularity.of(EXPERTS, 3, 0);
    double touched = popularity.touched(8);
    int others = (int) Math.floor((LAYERS - 1) * touched);

    assertThat(WindowPolicy.LRU.missedPerLayer(popularity, LAYERS, 8, others)).isEqualTo(touched);
    assertThat(WindowPolicy.LRU.missedPerLayer(popularity, LAYERS, 8, others + 1))
        .isLessThan(touched);
    assertThat(WindowPolicy.PINNED.missedPerLayer(popularity, LAYERS, 8, others))
        .isLessThan(0.6 * touched);
  }

  /** The policy itself, on drawn routings, beside what is expected of it. */
  @Test
  void whatIsExpectedOfLeastRecentlyUsedIsWhatItDoes() {
    for (int slots : new int[] {30, 80, 100, 110, 118, 125, 135, 140}) {
      for (int tokens : new int[] {4, 6, 12}) {
        double expected =
            WindowPolicy.LRU.missedPerLayer(
                ExpertPopularity.of(EXPERTS, 3, 0), LAYERS, tokens, slots);
        assertThat(simulated(slots, tokens))
            .as("%d slots, %d tokens", slots, tokens)
            .isCloseTo(expected, within(1.0));
      }
    }
  }

  private static double simulated(int slots, int tokens) {
    SplittableRandom random = new SplittableRandom(3);
    LruPolicy policy = new LruPolicy(CacheShape.of(LAYERS, EXPERTS, slots));
    TreeSet<ExpertId> resident = new TreeSet<>();
    int missed = 0;
    int steps = 300;
    for (int step = 0; step < steps; step++) {
      for (int layer = 0; layer < LAYERS; layer++) {
        List<ExpertId> needed = draw(random, layer, tokens);
        policy.onDemand(step, layer, needed, new int[needed.size()]);
        for (ExpertId expert : needed) {
          if (!resident.contains(expert)) {
            missed += step < 20 ? 0 : 1;
            if (resident.size() == slots) {
              ExpertId victim = requireNonNull(policy.victim(expert, resident, true));
              resident.remove(victim);
              policy.onEvict(victim);
            }
            resident.add(expert);
            policy.onInsert(expert);
          }
        }
      }
    }
    return (double) missed / (steps - 20) / LAYERS;
  }

  private static List<ExpertId> draw(SplittableRandom random, int layer, int tokens) {
    TreeSet<Integer> chosen = new TreeSet<>();
    for (int token = 0; token < tokens; token++) {
      TreeSet<Integer> mine = new TreeSet<>();
      while (mine.size() < 3) {
        mine.add(random.nextInt(EXPERTS));
      }
      chosen.addAll(mine);
    }
    List<ExpertId> experts = new ArrayList<>();
    chosen.forEach(index -> experts.add(new ExpertId(layer, index)));
    return experts;
  }
}
