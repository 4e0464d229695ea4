package dev.drey.runtime.schedule;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.layers.StepBatch;
import dev.drey.runtime.layers.StepBatch.MicroBatch;
import dev.drey.runtime.sampling.TokenChoice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One forward pass of a batch group on its way from the scheduler through the layers and the
 * sampler back to the scheduler. Reused from step to step; holds the rows ({@link #batch()}), whose
 * they are, and the tokens decided for them.
 *
 * <p><b>Life.</b> {@code StepScheduler.plan} fills it, the layers read the batch, {@link
 * StepSampler} writes one choice per wanted row, {@code StepScheduler.complete} takes them. One
 * thread at a time.
 */
public final class Step {
  private final StepBatch batch;
  private final List<Sequence> members = new ArrayList<>();
  private final int[] memberRows;
  private final @Nullable Sequence[] owners;
  private final @Nullable TokenChoice[] choices;

  // -- the micro-batch being filled
  private List<Span> spans = new ArrayList<>();
  private int firstRow;

  private TokenCounters rows = TokenCounters.ZERO;
  private int decodeSequences;
  private int scoredRows;
  private int waiting;
  private int preemptions;
  private long nanos;

  /**
   * @param maxRows most rows of a step, {@code ScheduleConfig.maxStepTokens}
   */
  public Step(int maxRows) {
    batch = new StepBatch(maxRows);
    memberRows = new int[maxRows];
    owners = new Sequence[maxRows];
    choices = new TokenChoice[maxRows];
  }

  /** The rows, as the layers see them. */
  public StepBatch batch() {
    return batch;
  }

  /** Rows of this step by cause. */
  public TokenCounters rows() {
    return rows;
  }

  /** Sequences with rows in this step. */
  public int sequences() {
    return members.size();
  }

  /**
   * One of the sequences with rows in this step.
   *
   * @param index below {@link #sequences()}
   */
  public Sequence member(int index) {
    return members.get(index);
  }

  /** How many rows it has in this step. */
  public int memberRows(int index) {
    return memberRows[index];
  }

  /** Sequences with just one row left to compute, all of them in this step. */
  public int decodeSequences() {
    return decodeSequences;
  }

  /** Rows whose logits are wanted for the log-probability of a given token. */
  public int scoredRows() {
    return scoredRows;
  }

  /** Sequences in the table that wait for blocks or for a place. */
  public int waiting() {
    return waiting;
  }

  /** Sequences that lost their blocks when this step was planned. */
  public int preemptions() {
    return preemptions;
  }

  /** Time from planning to completion; 0 before. */
  public long nanos() {
    return nanos;
  }

  // -- for the scheduler

  void begin(long number) {
    batch.reset(number);
    members.clear();
    spans = new ArrayList<>();
    firstRow = 0;
    rows = TokenCounters.ZERO;
    decodeSequences = 0;
    scoredRows = 0;
    nanos = 0;
  }

  /** Appends the next rows of a sequence; every {@code microBatch} sequences a group is closed. */
  void add(Sequence sequence, int count, int microBatch) {
    if (spans.size() == microBatch) {
      closeMicroBatch();
    }
    int start = sequence.computed();
    if (count == sequence.remaining() && count == 1) {
      decodeSequences++;
    }
    spans.add(
        new Span(
            batch.rows() - firstRow,
            count,
            start,
            sequence.blocks().array(),
            sequence.blocks().stateSlot()));
    int longest = (int) Math.min(Integer.MAX_VALUE, sequence.request().storedTokens());
    for (int position = start; position < start + count; position++) {
      int row = batch.addRow(sequence.token(position), position, longest);
      if (sequence.wantsLogits(position)) {
        int wanted = batch.logitCount();
        batch.wantLogits(row);
        scoredRows += sequence.generates() ? 0 : 1;
        owners[wanted] = sequence;
        choices[wanted] = null;
      }
    }
    rows = rows.plus(sequence.classify(count));
    memberRows[members.size()] = count;
    members.add(sequence);
  }

  /** Closes the last group; the rows are complete. */
  void seal(int waitingSequences, int preemptedSequences) {
    if (!spans.isEmpty()) {
      closeMicroBatch();
    }
    waiting = waitingSequences;
    preemptions = preemptedSequences;
  }

  private void closeMicroBatch() {
    batch.addMicroBatch(
        new MicroBatch(firstRow, batch.rows() - firstRow, new AttentionBatch(spans)));
    firstRow = batch.rows();
    spans = new ArrayList<>();
  }

  void finished(long tookNanos) {
    nanos = tookNanos;
  }

  /** The sequence that wants the logits of the given wanted row. */
  Sequence owner(int wanted) {
    Sequence owner = wanted < batch.logitCount() ? owners[wanted] : null;
    if (owner == null) {
      throw new IndexOutOfBoundsException(
          "wanted row " + wanted + " of " + batch.logitCount() + " in step " + batch.step());
    }
    return owner;
  }

  void choose(int wanted, TokenChoice choice) {
    choices[wanted] = choice;
  }

  TokenChoice choice(int wanted) {
    TokenChoice choice = choices[wanted];
    if (choice == null) {
      throw new IllegalStateException(
          "step %d is completed before row %d of %d was sampled"
              .formatted(batch.step(), wanted, batch.logitCount()));
    }
    return choice;
  }
}
