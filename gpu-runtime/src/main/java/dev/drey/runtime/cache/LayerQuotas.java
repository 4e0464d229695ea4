package dev.drey.runtime.cache;

import java.util.Arrays;

/**
 * How many experts each layer may keep, by the layer's place. A window's passing slots belong to no
 * layer: without them a miss of one layer would have to evict what another may keep.
 */
final class LayerQuotas {
  /** Layers that Fate keeps whole if it can, because nothing predicts them in time. */
  private static final int SHALLOW = 4;

  private LayerQuotas() {}

  /** The same for all layers; what does not divide goes to the first ones. */
  static int[] even(CacheShape shape) {
    return even(shape, shape.passingSlots());
  }

  /** The same, with another number of slots that belong to no layer. */
  static int[] even(CacheShape shape, int passing) {
    int[] quotas = new int[shape.layers().size()];
    spread(quotas, 0, kept(shape, passing), shape.experts());
    return quotas;
  }

  /**
   * The first four layers whole and the rest evenly; if there is not enough for that, whole layers
   * from the first on.
   *
   * <p>Fate (arXiv 2502.12224), the split of its shallow-favouring cache, with one precision. What
   * does not divide, which it leaves unused, goes to the first of the deeper layers.
   */
  static int[] shallowFirst(CacheShape shape) {
    int[] quotas = new int[shape.layers().size()];
    int left = kept(shape, shape.passingSlots());
    int whole = Math.min(SHALLOW, quotas.length);
    for (int layer = 0; layer < whole; layer++) {
      quotas[layer] = Math.min(shape.experts(), left);
      left -= quotas[layer];
    }
    spread(quotas, whole, left, shape.experts());
    return quotas;
  }

  private static int kept(CacheShape shape, int passing) {
    int total = shape.totalExperts();
    return shape.slots() >= total ? total : shape.slots() - passing;
  }

  private static void spread(int[] quotas, int from, int slots, int most) {
    int layers = quotas.length - from;
    if (layers > 0) {
      Arrays.fill(quotas, from, quotas.length, Math.min(most, slots / layers));
      for (int layer = from; layer < from + slots % layers; layer++) {
        quotas[layer] = Math.min(most, quotas[layer] + 1);
      }
    }
  }
}
