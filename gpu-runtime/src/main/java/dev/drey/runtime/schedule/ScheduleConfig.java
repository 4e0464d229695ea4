package dev.drey.runtime.schedule;

import java.io.Serializable;

/**
 * Limits of the scheduler. None of them changes results, only speed.
 *
 * @param maxSequences most sequences computed together (the table's capacity)
 * @param microBatch most sequences per micro-batch of attention
 * @param maxStepTokens most tokens (rows) of one step, prefill and decode together
 * @param prefillChunk most prompt tokens of one sequence in one step
 * @param stepNanos time a step should not exceed; prefill is cut down to keep it
 * @param prefixReuse whether sequences share the keys and values of what they begin with
 */
public record ScheduleConfig(
    int maxSequences,
    int microBatch,
    int maxStepTokens,
    int prefillChunk,
    long stepNanos,
    boolean prefixReuse)
    implements Serializable {
  /** Defaults that suit two cores. */
  public static final ScheduleConfig DEFAULT = new ScheduleConfig(32, 32, 256, 128, 1_000_000_000L);

  /** With prefix reuse. */
  public ScheduleConfig(
      int maxSequences, int microBatch, int maxStepTokens, int prefillChunk, long stepNanos) {
    this(maxSequences, microBatch, maxStepTokens, prefillChunk, stepNanos, true);
  }

  public ScheduleConfig {
    if (maxSequences < 1
        || microBatch < 1
        || prefillChunk < 1
        || stepNanos < 1
        || maxStepTokens < maxSequences) {
      throw new IllegalArgumentException(
          "schedule limits must be positive and the step must hold one token of every sequence: "
              + "maxSequences=%d microBatch=%d maxStepTokens=%d prefillChunk=%d stepNanos=%d"
                  .formatted(maxSequences, microBatch, maxStepTokens, prefillChunk, stepNanos));
    }
  }

  /** The same limits, and every sequence computes all its tokens itself. */
  public ScheduleConfig withoutPrefixReuse() {
    return new ScheduleConfig(
        maxSequences, microBatch, maxStepTokens, prefillChunk, stepNanos, false);
  }
}
