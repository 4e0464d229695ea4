package dev.drey.runtime.predict;

import dev.drey.runtime.device.Routing;
import java.nio.FloatBuffer;

/**
 * A layer whose router has just run, as long as the call lasts. A predictor may only ask for what
 * it says it {@linkplain ExpertPredictor#reads() reads}.
 */
public interface RoutedLayer {
  /** The decoder layer. */
  int layer();

  /**
   * The true choice for the step's rows, with weights as a trace keeps them ({@link
   * dev.drey.runtime.trace.RecordedWeight}), so that a replay sees the same.
   */
  Routing routing();

  /**
   * What a later layer's router says of this layer's router input. Costs a router product over all
   * rows.
   *
   * @param layer one of the {@linkplain ExpertPredictor#gates gates} the predictor says it asks for
   */
  Routing gate(int layer);

  /** This layer's router input, float32 {@code [rows, hidden]}. */
  FloatBuffer routerInput();
}
