package dev.drey.runtime.predict;

import java.util.Set;

/** Predicts nothing: every expert is loaded when its router asks for it. */
final class NoPredictor implements ExpertPredictor {
  @Override
  public String name() {
    return "none";
  }

  @Override
  public Set<PredictorInput> reads() {
    return Set.of();
  }

  @Override
  public void routed(StepRows rows, RoutedLayer layer, PredictionSink sink) {}
}
