package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.util.function.Consumer;

/**
 * Guesses which experts a later layer will need. Pure: the same calls give the same predictions; no
 * clock, no I/O. May keep scratch memory, so one thread at a time.
 */
public interface ExpertPredictor {
  /** Name in configuration, {@code family.name}. */
  String name();

  /** How many layers ahead it looks; 0 if it predicts nothing and need not be asked. */
  int lookahead();

  /**
   * Predicts the experts of one layer.
   *
   * @param step forward pass the predictions are for
   * @param issuedAtLayer layer whose router has just run
   * @param targetLayer layer to predict, {@code issuedAtLayer + lookahead()} at most
   * @param routing what the target layer's router says of the hidden states now at hand
   * @param tokens how many tokens of {@code routing} count
   * @param sink receives each expert at most once, likeliest first
   */
  void predict(
      long step,
      int issuedAtLayer,
      int targetLayer,
      Routing routing,
      int tokens,
      Consumer<Prediction> sink);
}
