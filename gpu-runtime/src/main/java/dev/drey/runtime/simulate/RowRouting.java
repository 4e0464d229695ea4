package dev.drey.runtime.simulate;

import dev.drey.runtime.device.Routing;
import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.trace.RecordedWeight;

/**
 * Which sequence each row of each step belongs to, and where routers sent it: what predictors that
 * learn from routing read. About 4 bytes for each row and rank of an event.
 *
 * @param ranks experts per token
 * @param spanFrom where in {@code spans} a pass's spans begin; one entry more than passes
 * @param spans sequence, rows, prompt tokens and outputs of each span
 * @param endedFrom where in {@code ended} those begin that ended before a pass; one entry more
 * @param ended numbers of sequences
 * @param entryFrom where in {@code experts} an event's entries begin; one entry more than events
 * @param experts expert of each rank of each row
 * @param weights their weights, the upper 16 bits
 */
@SuppressWarnings("ArrayRecordComponent")
record RowRouting(
    int ranks,
    int[] spanFrom,
    int[] spans,
    int[] endedFrom,
    int[] ended,
    int[] entryFrom,
    short[] experts,
    short[] weights) {
  static final int SPAN_FIELDS = 4;

  /** Fills the rows of a pass in. */
  void fill(int pass, long step, StepRows rows) {
    rows.begin(step, null);
    for (int at = spanFrom[pass]; at < spanFrom[pass + 1]; at += SPAN_FIELDS) {
      rows.add(spans[at], spans[at + 1], spans[at + 2], spans[at + 3]);
    }
  }

  /** Rows of which the routing of an event is known. */
  int rows(int event) {
    return (entryFrom[event + 1] - entryFrom[event]) / ranks;
  }

  /** The routing of an event. */
  Routing routing(int event) {
    int from = entryFrom[event];
    int entries = entryFrom[event + 1] - from;
    Routing routing = new Routing(entries / ranks, ranks);
    for (int i = 0; i < entries; i++) {
      routing.experts()[i] = experts[from + i] & 0xFFFF;
      routing.weights()[i] = RecordedWeight.fromBits(weights[from + i]);
    }
    return routing;
  }
}
