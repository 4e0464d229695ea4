package dev.drey.runtime.layers;

import dev.drey.runtime.predict.Prediction;
import java.util.function.Consumer;

/** The second half of a decoder layer. Adds its output to the residual stream. */
interface FeedForward {
  /**
   * Runs the layer over all rows of the step.
   *
   * @param sink receives predictions for later layers
   */
  void run(int layer, StepBatch batch, Activations buffers, Consumer<Prediction> sink);
}
