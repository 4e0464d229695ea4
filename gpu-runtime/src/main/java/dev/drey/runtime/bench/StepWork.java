package dev.drey.runtime.bench;

import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;

/**
 * What one step had to do, counted and not estimated.
 *
 * @param rows tokens computed
 * @param logitRows rows whose logits were wanted
 * @param attended positions attended to, summed over rows
 * @param kvTokens stored tokens that attention needs, summed over sequences (each once however many
 *     rows attend to it)
 * @param expertsTouched experts the routers asked for, summed over layers
 * @param expertsMoved of these, how many had to be brought in for this step
 */
record StepWork(
    long rows,
    long logitRows,
    long attended,
    long kvTokens,
    long expertsTouched,
    long expertsMoved) {

  /** Counts a planned step; what its routers will ask for comes from outside. */
  static StepWork of(StepBatch batch, long expertsTouched, long expertsMoved) {
    long attended = 0;
    long kvTokens = 0;
    for (MicroBatch microBatch : batch.microBatches()) {
      for (Span span : microBatch.attention().spans()) {
        long rows = span.rows();
        attended += rows * span.startPosition() + rows * (rows + 1) / 2;
        kvTokens += span.startPosition() + rows;
      }
    }
    return new StepWork(
        batch.rows(), batch.logitCount(), attended, kvTokens, expertsTouched, expertsMoved);
  }
}
