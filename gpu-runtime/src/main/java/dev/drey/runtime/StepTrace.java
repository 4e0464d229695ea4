package dev.drey.runtime;

import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.IntConsumer;

/**
 * Gives sequences numbers in the order of their appearance, and tells a trace, and whoever predicts
 * from them, of steps and the sequences in them. One thread at a time.
 */
final class StepTrace {
  private final TraceSink sink;
  private final IntConsumer ended;
  private final Map<Sequence, Integer> numbers = new WeakHashMap<>();
  private final List<Sequence> latest = new ArrayList<>();
  private final StepRows rows = new StepRows();
  private int sequences;

  /**
   * @param ended is told the number of each sequence that has got its last token
   */
  StepTrace(TraceSink sink, IntConsumer ended) {
    this.sink = sink;
    this.ended = ended;
  }

  /** The rows of the step begun last. */
  StepRows rows() {
    return rows;
  }

  void began(Step step) {
    flush();
    long now = System.nanoTime();
    sink.stepBegan(now, step.batch().step(), step.batch().rows(), step.batch().logitCount());
    rows.begin(step.batch().step(), step.batch().ids());
    for (int i = 0; i < step.sequences(); i++) {
      Sequence sequence = step.member(i);
      int number = numbers.computeIfAbsent(sequence, s -> sequences++);
      int prompt = sequence.request().promptIds().length;
      rows.add(number, step.memberRows(i), prompt, sequence.outputCount());
      sink.sequenceRan(now, number, step.memberRows(i), prompt, sequence.outputCount());
      latest.add(sequence);
    }
  }

  void ended(Step step) {
    if (sink.isRecording()) {
      sink.stepEnded(System.nanoTime(), step.batch().step());
    }
  }

  /** Tells of the sequences of the latest step that have ended since. */
  void flush() {
    for (Sequence sequence : latest) {
      Integer number = sequence.finishReason() == null ? null : numbers.remove(sequence);
      if (number != null) {
        ended.accept(number);
        sink.sequenceEnded(System.nanoTime(), number, sequence.outputCount());
      }
    }
    latest.clear();
  }
}
