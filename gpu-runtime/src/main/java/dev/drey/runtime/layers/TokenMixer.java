package dev.drey.runtime.layers;

/** The first half of a decoder layer, where rows learn of each other. */
interface TokenMixer {
  /**
   * Runs the layer over one micro-batch and adds its output to the residual stream.
   *
   * @param place of the layer among those that keep the same kind of state
   */
  void run(
      int place,
      LayerWeights weights,
      StepBatch batch,
      StepBatch.MicroBatch microBatch,
      Activations buffers);
}
