package dev.drey.runtime.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How a model's routers choose: skew, locality and correlation of layers, measured.
 *
 * @param prompts prompts that were run
 * @param tokens length of each
 * @param layers layers with experts, rising
 */
public record RoutingProfile(int prompts, int tokens, List<LayerRouting> layers) {
  public RoutingProfile {
    layers = List.copyOf(layers);
  }

  /**
   * Computes it.
   *
   * @param experts experts per layer
   * @param ranks experts per token
   * @param expertLayers decoder layers with experts, rising
   * @param chosen {@code [layer with experts][prompt][token * ranks + rank]}, prompts of one length
   *     of at least 2
   */
  static RoutingProfile of(int experts, int ranks, List<Integer> expertLayers, int[][][] chosen) {
    List<LayerRouting> layers = new ArrayList<>();
    for (int index = 0; index < chosen.length; index++) {
      LayerChoices choices = new LayerChoices(experts, ranks, chosen[index]);
      boolean last = index == chosen.length - 1;
      LayerChoices next = last ? choices : new LayerChoices(experts, ranks, chosen[index + 1]);
      layers.add(
          new LayerRouting(
              expertLayers.get(index),
              ZipfFit.exponent(choices.counts()),
              choices.onPopularQuarter(),
              choices.onOwnQuarter(),
              last ? 0 : next.guessedByPopularity(),
              last ? 0 : choices.guesses(next)));
    }
    return new RoutingProfile(chosen[0].length, chosen[0][0].length / ranks, layers);
  }

  /** Mean of a figure over all layers. */
  public double mean(ToDoubleFunction<LayerRouting> figure) {
    return layers.stream().mapToDouble(figure).average().orElse(0);
  }

  /** Mean over all layers but the last of a figure about the layer that follows. */
  public double meanOfNext(ToDoubleFunction<LayerRouting> figure) {
    return layers.stream().limit(layers.size() - 1L).mapToDouble(figure).average().orElse(0);
  }
}
