package dev.drey.runtime.simulate;

import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceReader;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What of a trace a replay needs, in arrays: which experts each layer of each step was routed to,
 * what was predicted when, and how long the computing took. Experts have one number over all
 * layers, {@code layer * experts + expert}. An event is one layer of one step. Read-only, shared by
 * all replays; memory grows with the trace, about 100 bytes an event, and 4 for each rank of each
 * row.
 *
 * @param header what the trace was recorded of
 * @param missing events the recorder had no room for
 * @param steps forward passes begun
 * @param rows tokens computed
 * @param outputs tokens produced or scored
 * @param bytesPerSecond rate of the recorded engine's link; 0 if it moved nothing
 * @param step step of each event
 * @param layer layer of each event
 * @param from where in {@code members} an event's experts begin; one entry more than events
 * @param members experts demanded, rising within an event
 * @param tokens rows sent to each of them
 * @param pass running number of each event's step; steps' own numbers begin anew in every run
 * @param rowRouting the routing row by row
 * @param predictions what the engine predicted
 * @param denseNanos computing from the event before, or the step's begin, to the event
 * @param expertNanos computing of the event's experts
 * @param tailNanos computing from the event to the step's end; 0 unless it is the step's last
 */
@SuppressWarnings("ArrayRecordComponent")
public record RoutingTrace(
    TraceHeader header,
    long missing,
    long steps,
    long rows,
    long outputs,
    double bytesPerSecond,
    long[] step,
    int[] layer,
    int[] from,
    int[] members,
    int[] tokens,
    int[] pass,
    RowRouting rowRouting,
    Predictions predictions,
    long[] denseNanos,
    long[] expertNanos,
    long[] tailNanos) {

  /**
   * Reads a file.
   *
   * @throws dev.drey.runtime.trace.TraceFileException if it is not a whole trace
   */
  public static RoutingTrace read(Path file) throws IOException {
    try (TraceReader reader = TraceReader.open(file)) {
      RoutingTraceBuilder builder = new RoutingTraceBuilder(reader.header());
      reader.read(builder);
      return builder.build();
    }
  }

  /** Number of events. */
  public int events() {
    return step.length;
  }

  /** Most experts demanded by one event: the working set of a layer. */
  public int largestEvent() {
    int largest = 0;
    for (int event = 0; event < events(); event++) {
      largest = Math.max(largest, from[event + 1] - from[event]);
    }
    return largest;
  }

  /** Whether an event is the last of its step. */
  boolean endsStep(int event) {
    return event + 1 == events() || pass[event + 1] != pass[event];
  }

  /** Whether an event is the first of its step. */
  boolean beginsPass(int event) {
    return event == 0 || pass[event] != pass[event - 1];
  }
}
