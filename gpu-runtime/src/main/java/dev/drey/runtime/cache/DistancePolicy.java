package dev.drey.runtime.cache;

/**
 * Evicts what is seldom used and far ahead: the score is the frequency of demands over the number
 * of layers until the expert can be needed again. Experts of layers just passed, and rarely used
 * ones, go first.
 *
 * <p>Yi et al., "EdgeMoE: Empowering Sparse Large Language Models on Mobile Devices" (arXiv
 * 2308.14352) combines frequency and layer distance so; the quotient is our form of it, and the
 * frequency fades.
 */
final class DistancePolicy extends ScoredPolicy {
  DistancePolicy(CacheShape shape) {
    super("edgemoe.distance", shape);
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    DemandCounts.fade(keys, first(layer), last(layer) + 1, LfuPolicy.FADING);
    for (int i = 0; i < count; i++) {
      keys[experts[i]] += 1;
    }
    changed(layer);
  }

  @Override
  double score(int layer, double key) {
    return key / ahead(layer);
  }
}
