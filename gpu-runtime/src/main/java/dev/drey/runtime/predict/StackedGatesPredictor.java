package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The routers of the next layers applied to this layer's router input: hidden states change little
 * from layer to layer. The prediction is the union over all rows of the experts a router would
 * choose, most popular first: by number of rows, then by the sum of their weights, then the lower
 * expert. The score is the number of rows. The first layer is never predicted.
 *
 * <p>Looking one layer ahead: Fang et al., "Fate: Fast Edge Inference of Mixture-of-Experts Models
 * via Cross-Layer Gate" (arXiv 2502.12224), with the selection it uses for prefill. Up to three:
 * Tang et al., "HOBBIT: A Mixed Precision Expert Offloading System for Fast MoE Inference" (arXiv
 * 2411.01433), stacked gating. HOBBIT looks farther only if everything nearer is resident; a
 * predictor does not know the window, so all layers are predicted, nearer ones first.
 *
 * <p>Costs one router product over all rows, O(rows · k) counting and one sort per layer ahead.
 */
final class StackedGatesPredictor implements ExpertPredictor {
  private static final int WEIGHT_BITS = 31; // of a non-negative float, which sort like its value
  private static final int TOKEN_BITS = Long.SIZE - 1 - WEIGHT_BITS - Ranking.EXPERT_BITS;
  private static final int EXPERT_MASK = (1 << Ranking.EXPERT_BITS) - 1;

  private final String name;
  private final int lookahead;
  private final List<Integer> layers;
  private final int[] places;
  private final int[] tokensOf;
  private final float[] weightOf;
  private final long[] order;
  private final int[] ranked;
  private final float[] scores;

  StackedGatesPredictor(String name, PredictorShape shape, int lookahead) {
    this.name = name;
    this.lookahead = lookahead;
    layers = shape.layers();
    places = shape.placeOfLayer();
    tokensOf = new int[shape.experts()];
    weightOf = new float[shape.experts()];
    order = new long[shape.experts()];
    ranked = new int[shape.experts()];
    scores = new float[shape.experts()];
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of(PredictorInput.GATES);
  }

  @Override
  public List<Integer> gates(int layer) {
    int next = places[layer] + 1;
    return layers.subList(next, Math.min(layers.size(), next + lookahead));
  }

  @Override
  public void routed(StepRows rows, RoutedLayer layer, PredictionSink sink) {
    if (rows.rows() >= 1 << TOKEN_BITS) {
      throw new IllegalArgumentException(
          "at most " + ((1 << TOKEN_BITS) - 1) + " rows per step, found " + rows.rows());
    }
    for (int target : gates(layer.layer())) {
      count(layer.gate(target), rows.rows());
      tell(target, sink);
    }
  }

  private void count(Routing routing, int rows) {
    Arrays.fill(tokensOf, 0);
    Arrays.fill(weightOf, 0);
    for (int i = 0; i < rows * routing.k(); i++) {
      int expert = routing.experts()[i];
      tokensOf[expert]++;
      weightOf[expert] += routing.weights()[i];
    }
  }

  private void tell(int target, PredictionSink sink) {
    int found = 0;
    for (int expert = 0; expert < tokensOf.length; expert++) {
      if (tokensOf[expert] > 0) {
        order[found++] = sortKey(expert);
      }
    }
    Arrays.sort(order, 0, found);
    for (int i = 0; i < found; i++) {
      ranked[i] = EXPERT_MASK - (int) (order[found - 1 - i] & EXPERT_MASK);
      scores[i] = tokensOf[ranked[i]];
    }
    if (found > 0) {
      sink.predicted(target, found, ranked, scores);
    }
  }

  /** Rows, then weight, then the lower expert, packed so that the likeliest is the largest. */
  private long sortKey(int expert) {
    long weight = Float.floatToIntBits(Math.max(0, weightOf[expert]));
    return (long) tokensOf[expert] << (WEIGHT_BITS + Ranking.EXPERT_BITS)
        | weight << Ranking.EXPERT_BITS
        | (EXPERT_MASK - expert);
  }
}
