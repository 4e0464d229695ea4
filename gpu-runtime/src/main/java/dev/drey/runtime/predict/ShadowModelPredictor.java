package dev.drey.runtime.predict;

import java.util.List;
import java.util.Set;

/**
 * A shadow of the model, whose experts have few bits, runs every token before the model itself
 * does; what its routers choose is the prediction, for the rows that continue an answer. Rows of
 * prompts are not predicted: they demand nearly every expert in any case. When a step begins the
 * first layers are told, as many as it looks ahead (3); after each router one more.
 *
 * <p>"OD-MoE" (arXiv 2512.03927), the shadow-model predictor SEP. There the shadow runs on a node
 * of its own beside the main model; here it runs in the same thread before each step, and what it
 * is and how it is kept in step is told by whoever runs it.
 *
 * <p>Costs a forward pass of the shadow per step, and a sort of what it chose per layer.
 */
final class ShadowModelPredictor implements ExpertPredictor {
  private static final int LOOKAHEAD = 3;

  private final ShadowWeights weights;
  private final int lookahead;
  private final List<Integer> layers;
  private final int[] places;
  private final RowVotes votes;

  ShadowModelPredictor(ShadowWeights weights, PredictorShape shape, PredictorOptions options) {
    this.weights = weights;
    lookahead = options.lookaheadOr(LOOKAHEAD);
    layers = shape.layers();
    places = shape.placeOfLayer();
    votes = new RowVotes(shape.experts());
  }

  @Override
  public String name() {
    return weights.predictor();
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of(PredictorInput.SHADOW);
  }

  @Override
  public void stepBegan(StepRows rows, PredictionSink sink) {
    for (int place = 0; place < Math.min(lookahead, layers.size()); place++) {
      tell(rows, place, sink);
    }
  }

  @Override
  public void routed(StepRows rows, RoutedLayer layer, PredictionSink sink) {
    long target = (long) places[layer.layer()] + lookahead;
    if (target < layers.size()) {
      tell(rows, (int) target, sink);
    }
  }

  private void tell(StepRows rows, int place, PredictionSink sink) {
    ShadowRouting shadow = rows.shadow();
    int layer = layers.get(place);
    votes.tell(sink, layer, shadow.routing(layer), shadow.rows());
  }
}
