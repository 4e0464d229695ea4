package dev.drey.runtime.residency;

import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceSink;
import dev.drey.runtime.transfer.TransferTicket;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;

/** Tells a trace what happens in the window, in its order. Guarded by the window's lock. */
final class WindowTrace {
  private final TraceSink sink;
  private final LongSupplier clock;
  private final int[] experts;
  private final DemandOutcome[] outcomes;
  private int members;

  WindowTrace(TraceSink sink, LongSupplier clock, int expertsPerLayer) {
    this.sink = sink;
    this.clock = clock;
    this.experts = new int[expertsPerLayer];
    this.outcomes = new DemandOutcome[expertsPerLayer];
  }

  /** Notes how the demand being taken in found its next expert. */
  void found(ExpertId expert, DemandOutcome outcome) {
    experts[members] = expert.index();
    outcomes[members++] = outcome;
  }

  /** A demand has been classified, as {@link #found} was told. */
  void demanded(LayerDemand demand, List<ExpertId> all) {
    if (sink.isRecording()) {
      sink.demanded(clock.getAsLong(), demand.step, demand.layer, all.size(), experts, outcomes);
    }
    members = 0;
  }

  void issued(ExpertLoad load) {
    if (sink.isRecording()) {
      ExpertId id = load.id;
      sink.loadIssued(clock.getAsLong(), load.order, id.layer(), id.index(), load.isPrefetch());
    }
  }

  void ended(Slot slot, LoadResult result) {
    if (sink.isRecording()) {
      ExpertLoad load = Objects.requireNonNull(slot.load);
      TransferTicket ticket = load.ticket();
      long now = clock.getAsLong();
      sink.loadEnded(
          now,
          load.order,
          load.id.layer(),
          load.id.index(),
          ticket.started() ? ticket.startedNanos() : now,
          load.movedBytes(),
          load.isPrefetch(),
          result);
    }
  }

  void evicted(ExpertId expert, boolean unused) {
    if (sink.isRecording()) {
      sink.evicted(clock.getAsLong(), expert.layer(), expert.index(), unused);
    }
  }

  void demandEnded(LayerDemand demand) {
    if (sink.isRecording()) {
      sink.demandEnded(clock.getAsLong(), demand.step, demand.layer, demand.stallNanos);
    }
  }
}
