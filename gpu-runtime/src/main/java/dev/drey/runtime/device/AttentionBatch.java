package dev.drey.runtime.device;

import java.util.List;

/**
 * Rows of one micro-batch for paged attention. Row {@code r} of a sequence attends to positions up
 * to {@code startPosition + r} of that sequence.
 */
public record AttentionBatch(List<Span> spans) {
  /**
   * Consecutive rows of one sequence.
   *
   * @param firstRow first row in the query matrix
   * @param rows number of rows
   * @param startPosition position of the first row in its sequence
   * @param blockTable blocks of the sequence in order of position; longer than needed is fine
   * @param stateSlot the sequence's slot in the {@link StateStore}; -1 if the model has none
   */
  @SuppressWarnings("ArrayRecordComponent") // hot path; identity is never used
  public record Span(int firstRow, int rows, int startPosition, int[] blockTable, int stateSlot) {}
}
