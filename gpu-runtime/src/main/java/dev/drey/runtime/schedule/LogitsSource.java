package dev.drey.runtime.schedule;

import java.nio.FloatBuffer;

/** Where a step's logits are read from once its layers have run. */
@FunctionalInterface
public interface LogitsSource {
  /**
   * Logits of consecutive wanted rows, in the order of {@code StepBatch.logitRows()}.
   *
   * @param from first wanted row
   * @param count how many, at least 1
   * @return {@code [count, vocabulary]} from the buffer's position; valid until the next call
   */
  FloatBuffer rows(int from, int count);
}
