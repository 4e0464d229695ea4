package dev.drey.runtime.layers;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.RotaryTable;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of one step: what the forward pass needs to know of the sequences, and no more. Reused
 * from step to step; filled by the scheduler, read by the decoder.
 */
public final class StepBatch {
  /**
   * Consecutive rows whose attention is computed together.
   *
   * @param firstRow first row in the step
   * @param rows number of rows
   * @param attention the spans, with rows counted from {@code firstRow}
   */
  public record MicroBatch(int firstRow, int rows, AttentionBatch attention) {}

  private final int[] ids;
  private final int[] positions;
  private final int[] longestOf;
  private final int[] logitRows;
  private final List<MicroBatch> microBatches = new ArrayList<>();
  private long step;
  private int rows;
  private int logitCount;

  /**
   * @param maxRows most rows of a step
   */
  public StepBatch(int maxRows) {
    ids = new int[maxRows];
    positions = new int[maxRows];
    longestOf = new int[maxRows];
    logitRows = new int[maxRows];
  }

  /** Empties the batch for the given step. */
  public void reset(long newStep) {
    step = newStep;
    rows = 0;
    logitCount = 0;
    microBatches.clear();
  }

  /**
   * Appends a row and returns its index.
   *
   * @param longest positions that the row's sequence can ever have
   */
  public int addRow(int id, int position, int longest) {
    ids[rows] = id;
    positions[rows] = position;
    longestOf[rows] = longest;
    return rows++;
  }

  /** Asks for the logits of a row; they come out in the order of these calls. */
  public void wantLogits(int row) {
    logitRows[logitCount++] = row;
  }

  /** Appends a micro-batch; together they must cover all rows in order. */
  public void addMicroBatch(MicroBatch microBatch) {
    microBatches.add(microBatch);
  }

  /** Number of the step, from 0. */
  public long step() {
    return step;
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** Token id of each row. */
  public int[] ids() {
    return ids;
  }

  /** Position of each row in its sequence. */
  public int[] positions() {
    return positions;
  }

  /** Positions that the sequence of each row can ever have. */
  public int[] longest() {
    return longestOf;
  }

  /** Position, in its sequence, of a row of a micro-batch. */
  int position(MicroBatch microBatch, int row) {
    return positions[microBatch.firstRow() + row];
  }

  /** The row of a rotary table that belongs to each row of a micro-batch. */
  int[] rotaryRows(MicroBatch microBatch, RotaryTable table) {
    int[] tableRows = new int[microBatch.rows()];
    for (int row = 0; row < tableRows.length; row++) {
      int at = microBatch.firstRow() + row;
      tableRows[row] = table.row(positions[at], longestOf[at]);
    }
    return tableRows;
  }

  /** Rows whose logits are wanted, the first {@link #logitCount()} entries. */
  public int[] logitRows() {
    return logitRows;
  }

  /** How many rows' logits are wanted. */
  public int logitCount() {
    return logitCount;
  }

  /** The micro-batches in row order. */
  public List<MicroBatch> microBatches() {
    return microBatches;
  }
}
