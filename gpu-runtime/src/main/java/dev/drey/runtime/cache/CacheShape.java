package dev.drey.runtime.cache;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What a cache policy must know of the model and of the window it decides for.
 *
 * @param layers decoder layers that have routed experts, rising; distances between layers are
 *     counted along this list
 * @param experts routed experts per layer
 * @param slots experts the window holds
 */
public record CacheShape(List<Integer> layers, int experts, int slots) {
  private static final int MOST_PASSING = 16;

  /** Checks the numbers. */
  public CacheShape {
    layers = List.copyOf(layers);
    if (layers.isEmpty() || !areRising(layers) || experts < 1 || slots < 1) {
      throw new IllegalArgumentException(
          "a cache shape needs rising layers from 0, at least 1 expert per layer and 1 slot; found layers %s, %d experts, %d slots"
              .formatted(layers, experts, slots));
    }
  }

  private static boolean areRising(List<Integer> layers) {
    return layers.get(0) >= 0
        && IntStream.range(1, layers.size()).allMatch(i -> layers.get(i - 1) < layers.get(i));
  }

  /** The shape of a model all of whose layers have routed experts. */
  public static CacheShape of(int layers, int experts, int slots) {
    return new CacheShape(IntStream.range(0, layers).boxed().toList(), experts, slots);
  }

  /** Routed experts of the whole model. */
  public int totalExperts() {
    return layers.size() * experts;
  }

  /**
   * Slots that a policy with a fixed set leaves to experts that only pass through: an eighth of the
   * window, 2 to 16. Enough for some to arrive while others compute; more would be hits given away.
   */
  public int passingSlots() {
    return Math.min(slots, Math.max(2, Math.min(MOST_PASSING, slots / 8)));
  }
}
