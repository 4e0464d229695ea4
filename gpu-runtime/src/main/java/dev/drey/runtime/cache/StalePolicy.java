package dev.drey.runtime.cache;

/**
 * Evicts what the present pass has not touched before what it has. An expert is fresh if it was
 * demanded or loaded in the present pass, else stale. Of several layers with stale experts the one
 * farthest ahead gives up first, within a layer what has been untouched for longest; likewise the
 * fresh when no stale are left.
 *
 * <p>Least-Stale of "SpecMD" (arXiv 2602.03921). Its ports differ in the order among the stale (the
 * lowest layer first, the oldest first, by mean interval of reuse); this is ours, which needs
 * nothing but the order of layers.
 */
final class StalePolicy extends ScoredPolicy {
  StalePolicy(CacheShape shape) {
    super("stale.least", shape);
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    for (int i = 0; i < count; i++) {
      keys[experts[i]] = passes();
    }
    changed(layer);
  }

  @Override
  void inserted(int expert) {
    keys[expert] = passes();
    super.inserted(expert);
  }

  @Override
  double score(int layer, double key) {
    return key < passes() ? 0 : 1;
  }
}
