package dev.drey.operators.pipeline;

import dev.drey.operators.flink.StepLoop;
import dev.drey.operators.metrics.HeadMetrics;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.AdmissionGate;
import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.state.StoredParameters;
import dev.drey.operators.state.StoredSequence;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceProgress;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sequences of one replica, with the input record of each.
 *
 * <p><b>Ownership.</b> Owns the scheduler; the engine belongs to the slot. A record is in the table
 * from its admission until its outcome has been emitted, and nowhere else: so a checkpoint between
 * two steps holds every record that was read and not answered, exactly once.
 *
 * <p><b>States.</b> Running or waiting is the scheduler's business; restored sequences beyond its
 * capacity wait, and the gate stays shut until they run.
 *
 * <p><b>Threading.</b> The task's thread.
 */
final class SequenceTable implements AutoCloseable {
  private final SlotEngine engine;
  private final RequestReader reader;
  private final AdmissionGate gate;
  private final StepLoop.Context<Step> context;
  private final HeadMetrics metrics;
  private final Results results;
  private final StepScheduler scheduler;
  private final Step step;
  private final Map<Sequence, Row> rows = new HashMap<>();

  private record Row(
      SourceRecord record,
      @Nullable String customId,
      long promptDigest,
      StoredParameters parameters,
      HeadMetrics.Timing timing) {}

  SequenceTable(
      SlotEngine engine,
      RequestReader reader,
      AdmissionGate gate,
      StepLoop.Context<Step> context,
      HeadMetrics metrics) {
    this.engine = engine;
    this.reader = reader;
    this.gate = gate;
    this.context = context;
    this.metrics = metrics;
    this.results = new Results(engine.facts());
    this.scheduler = engine.newScheduler();
    this.step = engine.newStep();
    engine.cancelWhen(context::isCanceled);
    metrics.watch(engine);
  }

  /**
   * Takes a sequence back from a checkpoint.
   *
   * @param keepProgress whether it goes on where it was; otherwise it starts again
   * @return why it cannot go on, because its record becomes another request than before; then
   *     nothing is taken. Empty if it was taken
   */
  List<String> restore(StoredSequence stored, boolean keepProgress) {
    Admission admission = reader.read(stored.record());
    List<String> differences =
        keepProgress ? StoredRequests.differences(stored, admission) : List.of();
    if (differences.isEmpty()) {
      SequenceProgress progress = keepProgress ? stored.progress() : SequenceProgress.START;
      metrics.restored(progress.outputIds().length);
      add(admission, progress);
    }
    return differences;
  }

  /** Takes a record: a request goes into the table, a dead letter straight out. */
  void admit(Admission admission) {
    while (admission.request() != null && !hasRoom()) {
      step();
    }
    add(admission, SequenceProgress.START);
    report();
  }

  private void add(Admission admission, SequenceProgress progress) {
    if (admission.deadLetter() != null) {
      context.sideOutput(
          DecodeHead.OUTCOMES, Outcome.of(admission.record(), admission.deadLetter()));
    } else if (admission.request() != null) {
      add(admission, admission.request(), progress);
    }
  }

  private void add(Admission admission, SequenceRequest request, SequenceProgress progress) {
    Sequence sequence = Sequence.restored(request, progress);
    scheduler.admit(sequence);
    rows.put(
        sequence,
        new Row(
            admission.record(),
            admission.customId(),
            PromptDigest.of(request.promptIds()),
            ParameterDigest.of(request),
            metrics.admitted(request, progress.outputIds().length)));
  }

  boolean hasRoom() {
    return scheduler.free() > 0;
  }

  boolean isEmpty() {
    return scheduler.isEmpty();
  }

  /** One step through all layers; emits the outcomes of the sequences it ends. */
  void step() {
    if (!scheduler.plan(step)) {
      throw new IllegalStateException("a step was asked for with nothing in the table");
    }
    context.emit(step);
    List<Sequence> finished = scheduler.complete(step);
    metrics.stepped(step, scheduler);
    for (Sequence sequence : scheduler.sequences()) {
      row(sequence).timing().produced(sequence);
    }
    for (Sequence sequence : finished) {
      retire(sequence);
    }
    report();
  }

  private void retire(Sequence sequence) {
    Row row = row(sequence);
    rows.remove(sequence);
    row.timing().produced(sequence);
    row.timing().finished(sequence);
    context.sideOutput(
        DecodeHead.OUTCOMES,
        Outcome.of(row.record(), results.of(row.record(), row.customId(), sequence)));
  }

  private Row row(Sequence sequence) {
    Row row = rows.get(sequence);
    if (row == null) {
      throw new IllegalStateException("no input record is known for " + sequence);
    }
    return row;
  }

  /** Tells the source whether to go on. */
  void report() {
    gate.report(hasRoom(), isEmpty());
  }

  /** Every record that was read and not answered, in order of admission. */
  List<StoredSequence> snapshot() {
    List<StoredSequence> stored = new ArrayList<>();
    for (Sequence sequence : scheduler.sequences()) {
      Row row = row(sequence);
      stored.add(
          new StoredSequence(
              row.record(),
              row.promptDigest(),
              engine.facts().identity(),
              row.parameters(),
              sequence.progress()));
    }
    return stored;
  }

  @Override
  public void close() {
    engine.cancelWhen(() -> false);
    scheduler.close();
    rows.clear();
  }
}
