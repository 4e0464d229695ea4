package dev.drey.runtime;

import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * Tells a trace of steps and of the sequences in them, which get numbers in the order of their
 * appearance. One thread at a time.
 */
final class StepTrace {
  private final TraceSink sink;
  private final Map<Sequence, Integer> numbers = new WeakHashMap<>();
  private final List<Sequence> latest = new ArrayList<>();
  private int sequences;

  StepTrace(TraceSink sink) {
    this.sink = sink;
  }

  void began(Step step) {
    if (!sink.isRecording()) {
      return;
    }
    flush();
    long now = System.nanoTime();
    sink.stepBegan(now, step.batch().step(), step.batch().rows(), step.batch().logitCount());
    for (int i = 0; i < step.sequences(); i++) {
      Sequence sequence = step.member(i);
      int number = numbers.computeIfAbsent(sequence, s -> sequences++);
      int prompt = sequence.request().promptIds().length;
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
        sink.sequenceEnded(System.nanoTime(), number, sequence.outputCount());
      }
    }
    latest.clear();
  }
}
