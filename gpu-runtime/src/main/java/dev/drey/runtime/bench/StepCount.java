package dev.drey.runtime.bench;

import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.plan.StepWork;

/** Counts the work of a step that was planned; nothing is estimated. */
final class StepCount {
  private StepCount() {}

  /** The work; what the step's routers ask for comes from outside. */
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
