package dev.drey.runtime.predict;

import java.util.List;
import java.util.Set;

/**
 * The routers of the next layers applied to this layer's router input: hidden states change little
 * from layer to layer. The prediction is the union over all rows of the experts a router would
 * choose, most popular first (see {@link RowVotes}). The first layer is never predicted.
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
  private final String name;
  private final int lookahead;
  private final List<Integer> layers;
  private final int[] places;
  private final RowVotes votes;

  StackedGatesPredictor(String name, PredictorShape shape, int lookahead) {
    this.name = name;
    layers = shape.layers();
    this.lookahead = Math.min(lookahead, layers.size());
    places = shape.placeOfLayer();
    votes = new RowVotes(shape.experts());
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
    for (int target : gates(layer.layer())) {
      votes.tell(sink, target, layer.gate(target), rows.rows());
    }
  }
}
