package dev.drey.runtime.predict;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one step as predictors see them: consecutive spans, one per sequence. Reused from
 * step to step; filled by the engine or by a replay, read by predictors.
 */
public final class StepRows {
  private static final int FIELDS = 5;
  private static final int SEQUENCE = 0;
  private static final int FIRST_ROW = 1;
  private static final int ROWS = 2;
  private static final int PROMPT = 3;
  private static final int OUTPUTS = 4;

  private int[] table = new int[8 * FIELDS];
  private int[] ids = new int[0];
  private boolean hasIds;
  private long step = -1;
  private int spans;
  private int rows;
  private @Nullable ShadowRouting shadow;

  /**
   * Empties the rows for another step.
   *
   * @param newStep its number; a lower one than before means that another run has begun
   * @param tokenIds token of each row; null where nobody knows them, as in a trace. Kept, not
   *     copied.
   */
  public void begin(long newStep, int @Nullable [] tokenIds) {
    step = newStep;
    hasIds = tokenIds != null;
    ids = tokenIds == null ? new int[0] : tokenIds;
    spans = 0;
    rows = 0;
    shadow = null;
  }

  /**
   * Appends the rows of a sequence.
   *
   * @param sequence its number, from 0 in the order of appearance
   * @param count its rows in this step
   * @param promptTokens length of its prompt
   * @param outputs tokens produced or scored before this step
   */
  public void add(int sequence, int count, int promptTokens, int outputs) {
    int at = spans++ * FIELDS;
    if (at == table.length) {
      table = Arrays.copyOf(table, 2 * table.length);
    }
    table[at + SEQUENCE] = sequence;
    table[at + FIRST_ROW] = rows;
    table[at + ROWS] = count;
    table[at + PROMPT] = promptTokens;
    table[at + OUTPUTS] = outputs;
    rows += count;
  }

  /** A shadow model has run ahead of the step. */
  public void foreseen(ShadowRouting routing) {
    shadow = routing;
  }

  /** Number of the step. */
  public long step() {
    return step;
  }

  /** Rows of all spans. */
  public int rows() {
    return rows;
  }

  /** Number of spans, one per sequence. */
  public int spans() {
    return spans;
  }

  /** Number of a span's sequence. */
  public int sequence(int span) {
    return table[span * FIELDS + SEQUENCE];
  }

  /** The first row of a span. */
  public int firstRow(int span) {
    return table[span * FIELDS + FIRST_ROW];
  }

  /** Rows of a span. */
  public int rows(int span) {
    return table[span * FIELDS + ROWS];
  }

  /** Length of the prompt of a span's sequence. */
  public int promptTokens(int span) {
    return table[span * FIELDS + PROMPT];
  }

  /** Tokens that a span's sequence had produced or scored before this step. */
  public int outputs(int span) {
    return table[span * FIELDS + OUTPUTS];
  }

  /** Whether a span continues an answer by one token; else it computes (part of) a prompt. */
  public boolean isDecode(int span) {
    return rows(span) == 1 && outputs(span) > 0;
  }

  /**
   * Token id of a row.
   *
   * @throws IllegalStateException if nobody knows it
   */
  public int tokenId(int row) {
    if (!hasIds) {
      throw new IllegalStateException("token ids of step " + step + " are not known");
    }
    return ids[row];
  }

  /**
   * What a shadow model says of the step.
   *
   * @throws IllegalStateException if none has run ahead of it
   */
  public ShadowRouting shadow() {
    ShadowRouting present = shadow;
    if (present == null) {
      throw new IllegalStateException("no shadow model has run ahead of step " + step);
    }
    return present;
  }
}
