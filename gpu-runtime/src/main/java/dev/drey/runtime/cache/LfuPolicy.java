package dev.drey.runtime.cache;

/**
 * Evicts what has been demanded least often. A count is kept for every expert, resident or not, and
 * fades with every demand of its layer, so that use of long ago does not keep an expert for ever; a
 * demand counts once, however many tokens choose the expert.
 *
 * <p>Least frequently used with decay, as in Lee et al., "LRFU: A Spectrum of Policies that
 * Subsumes the Least Recently Used and Least Frequently Used Policies" (2001), with demands of the
 * layer for time.
 */
final class LfuPolicy extends ScoredPolicy {
  /** What is left of a count after another demand: half of it after 34. */
  static final double FADING = 0.98;

  private final double fading;

  LfuPolicy(CacheShape shape) {
    this(shape, FADING);
  }

  LfuPolicy(CacheShape shape, double fading) {
    super("classic.lfu", shape);
    this.fading = fading;
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    DemandCounts.fade(keys, first(layer), last(layer) + 1, fading);
    for (int i = 0; i < count; i++) {
      keys[experts[i]] += 1;
    }
    changed(layer);
  }

  @Override
  double score(int layer, double key) {
    return key;
  }
}
