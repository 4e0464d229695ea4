package dev.drey.runtime.plan;

import dev.drey.runtime.cache.CyclicScanPolicy;

/**
 * What a residency window is expected to miss under a cache policy, in a run whose steps all look
 * alike and visit the layers in a circle. A larger window never misses more.
 */
public enum WindowPolicy {
  /**
   * Least recently used over all layers. When a layer's turn comes, its experts that were last used
   * {@code g} steps ago lie behind all that the other layers have touched since, and behind its own
   * that were used later; as many of them are there as the window is longer than that (the idea of
   * Che et al., "Hierarchical web caching systems", 2002). A window that the other layers fill in
   * one step never hits.
   *
   * <p>For g = 1, 2, … steps ago, of one layer: {@code used} experts were touched in the last g
   * steps, {@code sooner} of them in the last g − 1, so {@code count = used − sooner} were last
   * used g steps ago. The window has {@code room} for so many of these behind {@code (layers − 1) ·
   * used} experts of the other layers and {@code sooner} of its own. This step asks for {@code
   * wanted} of them, of which the share {@code room / count} is there and not missed.
   */
  LRU("classic.lru") {
    @Override
    double missed(ExpertPopularity popularity, int layers, double tokens, int slots) {
      double missed = popularity.touched(tokens);
      double sooner = 0;
      for (int steps = 1; steps <= MOST_STEPS; steps++) {
        double used = popularity.touched(steps * tokens);
        double room = slots - (layers - 1) * used - sooner;
        double count = used - sooner;
        if (room <= 0 || count < LEAST_COUNT) {
          break;
        }
        double wanted =
            popularity.touchedAnew((steps - 1) * tokens, tokens)
                - popularity.touchedAnew(steps * tokens, tokens);
        missed -= Math.min(1, room / count) * wanted;
        sooner = used;
      }
      return Math.max(0, missed);
    }
  },

  /**
   * Keeps the most popular experts of each layer for good and streams the others through a few
   * slots, as many as {@link CyclicScanPolicy} leaves while predictions come. While steps fit into
   * the window as a whole it does what least recently used does.
   */
  PINNED("cyclic.scan") {
    @Override
    double missed(ExpertPopularity popularity, int layers, double tokens, int slots) {
      double touched = popularity.touched(tokens);
      double kept = (slots - CyclicScanPolicy.passingAhead(slots, touched)) / (double) layers;
      double pinned = touched - popularity.touchedAmong(kept, tokens);
      return Math.min(pinned, LRU.missed(popularity, layers, tokens, slots));
    }
  };

  private static final int MOST_STEPS = 200;
  private static final double LEAST_COUNT = 1e-6;

  private final String policy;

  WindowPolicy(String policy) {
    this.policy = policy;
  }

  /** Name of the cache policy. */
  public String policy() {
    return policy;
  }

  /**
   * Experts of one layer that a step needs and that are not there.
   *
   * @param layers routed layers
   * @param tokens tokens of a step
   * @param slots experts the window holds, of all layers
   */
  public final double missedPerLayer(
      ExpertPopularity popularity, int layers, double tokens, int slots) {
    return slots >= layers * popularity.experts() ? 0 : missed(popularity, layers, tokens, slots);
  }

  abstract double missed(ExpertPopularity popularity, int layers, double tokens, int slots);
}
