package dev.drey.it.benchmark;

import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.trace.TraceSink;
import java.io.IOException;
import java.nio.file.Path;

/**
 * How fast a run computed tokens between the ends of two of its records: after the compiler and the
 * caches have become warm, and before the table runs empty. Times are the engine's own.
 */
final class SteadyState implements TraceSink {
  private final int fromRecord;
  private final int toRecord;
  private int ended;
  private long rows;
  private long fromRows;
  private long toRows;
  private long fromNanos = -1;
  private long toNanos = -1;

  private SteadyState(int fromRecord, int toRecord) {
    this.fromRecord = fromRecord;
    this.toRecord = toRecord;
  }

  /**
   * Reads a trace.
   *
   * @param fromRecord records ended when the time begins
   * @param toRecord records ended when it ends
   * @return prompt and generated tokens computed per second
   */
  static double tokensPerSecond(Path trace, int fromRecord, int toRecord) throws IOException {
    SteadyState state = new SteadyState(fromRecord, toRecord);
    try (TraceReader reader = TraceReader.open(trace)) {
      reader.read(state);
    }
    if (state.toNanos < 0) {
      throw new AssertionError(
          "%s: expected %d records to end, found %d".formatted(trace, toRecord, state.ended));
    }
    return (state.toRows - state.fromRows) * 1e9 / (state.toNanos - state.fromNanos);
  }

  @Override
  public void stepBegan(long nanos, long step, int stepRows, int logitRows) {
    rows += stepRows;
  }

  @Override
  public void sequenceEnded(long nanos, int sequence, int outputs) {
    ended++;
    if (fromNanos < 0 && ended >= fromRecord) {
      fromNanos = nanos;
      fromRows = rows;
    }
    if (toNanos < 0 && ended >= toRecord) {
      toNanos = nanos;
      toRows = rows;
    }
  }

  @Override
  public void missing(long nanos, long events) {
    throw new AssertionError(events + " events of the trace were dropped");
  }
}
