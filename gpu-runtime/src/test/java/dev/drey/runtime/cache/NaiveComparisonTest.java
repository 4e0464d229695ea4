package dev.drey.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real policies choose what the naive ones choose. */
class NaiveComparisonTest {
  private static final int LAYERS = 3;
  private static final int EXPERTS = 6;

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 7, 12, 17})
  void leastRecentlyUsed(int slots) {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, slots);
    compare(shape, () -> new Both(new LruPolicy(shape), NaivePolicies.lru()), 400);
  }

  /** A half is exact in binary, so that both count alike to the last bit. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 7, 12, 17})
  void leastFrequentlyUsed(int slots) {
    CacheShape shape = CacheShape.of(LAYERS, EXPERTS, slots);
    compare(shape, () -> new Both(new LfuPolicy(shape, 0.5), NaivePolicies.lfu(LAYERS, 0.5)), 80);
  }

  private static void compare(CacheShape shape, Supplier<Both> policies, int steps) {
    for (long seed = 0; seed < 10; seed++) {
      Both both = policies.get();
      EventWindow window = new EventWindow(both, shape);
      Random random = new Random(seed);
      for (int step = 0; step < steps; step++) {
        for (int layer = 0; layer < LAYERS; layer++) {
          window.demand(step, layer, Traces.skewed(random, EXPERTS, 1 + random.nextInt(3)));
        }
      }
      assertThat(both.victims).isPositive();
    }
  }

  /** Two policies that must agree. */
  private static final class Both implements CachePolicy {
    private final CachePolicy real;
    private final CachePolicy naive;
    private int victims;

    Both(CachePolicy real, CachePolicy naive) {
      this.real = real;
      this.naive = naive;
    }

    @Override
    public String name() {
      return "test.both";
    }

    @Override
    public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
      real.onDemand(step, layer, experts, tokens);
      naive.onDemand(step, layer, experts, tokens);
    }

    @Override
    public void onInsert(ExpertId expert) {
      real.onInsert(expert);
      naive.onInsert(expert);
    }

    @Override
    public void onEvict(ExpertId expert) {
      real.onEvict(expert);
      naive.onEvict(expert);
    }

    @Override
    public @Nullable ExpertId victim(
        ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
      ExpertId victim = real.victim(incoming, candidates, must);
      assertThat(victim).isEqualTo(naive.victim(incoming, candidates, must));
      victims++;
      return victim;
    }
  }

  @Test
  void adaptiveReplacement() {
    for (boolean fate : new boolean[] {false, true}) {
      for (int slots = 1; slots <= 9; slots++) {
        CacheShape shape = CacheShape.of(1, 16, slots);
        int[] quotas = {slots};
        ArcPolicy policy = fate ? ArcPolicy.fate(shape, quotas) : ArcPolicy.textbook(shape, quotas);
        EventWindow window = new EventWindow(policy, shape);
        NaivePolicies.Arc naive = new NaivePolicies.Arc(slots, fate);
        Random random = new Random(slots);
        for (int step = 0; step < 3000; step++) {
          int expert = Traces.skewed(random, 16, 1)[0];
          if (step % 500 > 400) {
            expert = step % 16; // scans make it adapt
          }
          long hits = window.hits;
          window.demand(step, 0, expert);
          assertThat(naive.access(expert)).isEqualTo(window.hits > hits);
          assertThat(window.residents().stream().map(ExpertId::index))
              .as("%s, step %d, %d slots", policy.name(), step, slots)
              .isEqualTo(naive.residents());
        }
      }
    }
  }
}
