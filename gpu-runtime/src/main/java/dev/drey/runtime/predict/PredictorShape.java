package dev.drey.runtime.predict;

import dev.drey.runtime.model.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a predictor must know of the model. Layers that have experts are known by their place, from
 * 0; distances between layers are counted in places.
 *
 * @param layers decoder layers that have routed experts, rising
 * @param experts routed experts per layer, at most 4096
 * @param expertsPerToken experts each token is sent to
 * @param modelDigest digest of the model's description; what was trained for another is refused
 */
public record PredictorShape(
    List<Integer> layers, int experts, int expertsPerToken, String modelDigest) {
  private static final int MAX_EXPERTS = 1 << Ranking.EXPERT_BITS;

  /** Checks the numbers. */
  public PredictorShape {
    layers = List.copyOf(layers);
    if (experts < 1 || experts > MAX_EXPERTS) {
      throw new IllegalArgumentException(
          "experts per layer must be 1 to " + MAX_EXPERTS + ", found " + experts);
    }
    if (layers.isEmpty() || !areRising(layers) || expertsPerToken < 1) {
      throw new IllegalArgumentException(
          "a predictor needs rising layers from 0 and at least 1 expert per token; found layers %s, %d experts per token"
              .formatted(layers, expertsPerToken));
    }
  }

  private static boolean areRising(List<Integer> layers) {
    return layers.get(0) >= 0
        && IntStream.range(1, layers.size()).allMatch(i -> layers.get(i - 1) < layers.get(i));
  }

  /** The shape of a nameless model all of whose layers have routed experts. */
  public static PredictorShape of(int layers, int experts, int expertsPerToken) {
    return new PredictorShape(
        IntStream.range(0, layers).boxed().toList(), experts, expertsPerToken, "");
  }

  /**
   * The shape of a model.
   *
   * @param modelDigest digest of its description
   */
  public static PredictorShape of(ModelConfig model, String modelDigest) {
    return new PredictorShape(
        model.routedLayers(), model.moe().experts(), model.moe().expertsPerToken(), modelDigest);
  }

  /** Number of layers that have experts. */
  int places() {
    return layers.size();
  }

  /** Routed experts of the whole model. */
  int totalExperts() {
    return layers.size() * experts;
  }

  /** Experts that so many tokens choose together if all experts are equally likely. */
  int distinct(int tokens) {
    double none = StrictMath.pow(1 - (double) Math.min(expertsPerToken, experts) / experts, tokens);
    return (int) Math.ceil(experts * (1 - none) - 1e-9);
  }

  /** Place of each decoder layer, -1 for layers without experts. */
  int[] placeOfLayer() {
    int[] places = new int[layers.get(layers.size() - 1) + 1];
    Arrays.fill(places, -1);
    for (int place = 0; place < layers.size(); place++) {
      places[layers.get(place)] = place;
    }
    return places;
  }
}
