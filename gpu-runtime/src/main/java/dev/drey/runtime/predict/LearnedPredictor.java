package dev.drey.runtime.predict;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A small trained network per layer says where each row will be sent. The prediction for a step is
 * made of its rows: an expert's score is the number of rows expected to choose it, and as many
 * experts are predicted as are expected to be chosen by at least one row.
 *
 * <p>Song et al., "ProMoE: Fast MoE-based LLM Serving using Proactive Caching" (arXiv 2410.22134):
 * a two-layer network per layer, trained offline, for a layer one or more ahead. There it reads the
 * hidden state; ours reads the routing of the layers before, which traces hold, so that it can be
 * trained from any trace and replayed over any. The first layers, {@link MlpSizes#lookahead} of
 * them, are never predicted.
 *
 * <p>Costs {@code rows · hidden · (experts + context · ranks)} multiplications per layer.
 */
final class LearnedPredictor implements ExpertPredictor {
  static final String NAME = "learned.mlp";

  private final MlpModel model;
  private final MlpInputs inputs;
  private final Ranking ranking;
  private final List<Integer> layers;
  private final int[] places;
  private final float[] expected;
  private final float[] none;
  private int nextPlace;

  LearnedPredictor(MlpModel model) {
    this.model = model;
    PredictorShape shape = model.shape();
    inputs = new MlpInputs(shape, model.sizes());
    ranking = new Ranking(shape.experts());
    layers = shape.layers();
    places = shape.placeOfLayer();
    expected = new float[shape.experts()];
    none = new float[shape.experts()];
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of(PredictorInput.ROUTING);
  }

  @Override
  public void stepBegan(StepRows rows, PredictionSink sink) {
    inputs.begin(rows.rows());
    nextPlace = 0;
  }

  @Override
  public void routed(StepRows rows, RoutedLayer layer, PredictionSink sink) {
    int place = places[layer.layer()];
    if (place != nextPlace) {
      nextPlace = layers.size(); // a layer is missing, and with it what the networks read
      return;
    }
    nextPlace = place + 1;
    inputs.add(place, layer.routing());
    int target = place + model.sizes().lookahead();
    if (target < layers.size()) {
      predict(place, target, rows.rows(), sink);
    }
  }

  private void predict(int place, int target, int rows, PredictionSink sink) {
    MlpNetwork network = model.network(target);
    Arrays.fill(expected, 0);
    Arrays.fill(none, 1);
    for (int row = 0; row < rows; row++) {
      int count = inputs.gather(place, network.layers(), row);
      float[] probabilities = network.probabilities(count, inputs.inputs(), inputs.values());
      for (int expert = 0; expert < expected.length; expert++) {
        expected[expert] += probabilities[expert];
        none[expert] *= 1 - probabilities[expert];
      }
    }
    float distinct = 0;
    for (float nobody : none) {
      distinct += 1 - nobody;
    }
    ranking.tell(sink, layers.get(target), expected, Math.round(distinct));
  }
}
