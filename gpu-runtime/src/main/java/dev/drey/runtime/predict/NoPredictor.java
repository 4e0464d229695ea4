package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.util.function.Consumer;

/** Predicts nothing: every expert is loaded when its router asks for it. */
final class NoPredictor implements ExpertPredictor {
  @Override
  public String name() {
    return "none";
  }

  @Override
  public int lookahead() {
    return 0;
  }

  @Override
  public void predict(
      long step,
      int issuedAtLayer,
      int targetLayer,
      Routing routing,
      int tokens,
      Consumer<Prediction> sink) {}
}
