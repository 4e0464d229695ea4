package dev.drey.runtime.residency;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.transfer.TransferEngine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The task thread's side of the window: waits for experts, hands them out, takes them back. Every
 * wait ends with an arrival, an error, a cancellation, the window's end, or the deadline.
 */
final class Handout {
  /** How often a waiting task thread looks whether it has been cancelled. */
  private static final long CANCEL_POLL_NANOS = 20_000_000;

  private final WindowLock lock;
  private final SlotTable slots;
  private final Placement placement;
  private final Counters counters;
  private final WindowTrace trace;
  private final LongSupplier clock;
  private final long deadlineNanos;
  private final Supplier<String> ioThreads;
  private volatile BooleanSupplier cancelled = () -> false;

  Handout(
      WindowLock lock,
      SlotTable slots,
      Placement placement,
      Counters counters,
      WindowTrace trace,
      LongSupplier clock,
      long deadlineNanos,
      TransferEngine engine) {
    this.lock = lock;
    this.slots = slots;
    this.placement = placement;
    this.counters = counters;
    this.trace = trace;
    this.clock = clock;
    this.deadlineNanos = deadlineNanos;
    this.ioThreads = engine::describe;
  }

  void cancelWhen(BooleanSupplier question) {
    cancelled = question;
  }

  /** See {@link LayerDemand#nextReady}. */
  List<ExpertLease> nextReady(LayerDemand demand, int max) {
    if (max < 1) {
      throw new IllegalArgumentException("a batch has at least 1 expert, asked for " + max);
    }
    return lock.with(
        () -> {
          requireAlive(demand);
          if (demand.undelivered > 0 && demand.ready.isEmpty()) {
            awaitArrival(demand);
          }
          return lease(demand, demand.pending.isEmpty() ? max : Math.min(max, slots.total() / 2));
        });
  }

  /** See {@link LayerDemand#nextTogether}. */
  List<ExpertLease> nextTogether(LayerDemand demand) {
    return lock.with(
        () -> {
          requireAlive(demand);
          while (demand.undelivered > 0 && (demand.ready.isEmpty() || isFilling(demand))) {
            awaitArrival(demand);
          }
          return lease(demand, Integer.MAX_VALUE);
        });
  }

  /** Whether more of a demand will arrive although nothing is released. */
  private boolean isFilling(LayerDemand demand) {
    for (Slot slot : slots.slots()) {
      boolean arriving = slot.owner == demand && slot.state().isInFlight();
      if (arriving || (slot.stopping && !demand.pending.isEmpty())) {
        return true;
      }
    }
    return false;
  }

  private List<ExpertLease> lease(LayerDemand demand, int most) {
    List<ExpertLease> leases = new ArrayList<>(Math.min(most, demand.ready.size()));
    while (leases.size() < most && !demand.ready.isEmpty()) {
      leases.add(lease(demand, demand.ready.remove()));
    }
    return leases;
  }

  private ExpertLease lease(LayerDemand demand, Slot slot) {
    slots.become(slot, SlotState.LEASED);
    slot.owner = null;
    demand.undelivered--;
    ExpertLease lease = new ExpertLease(this, demand, slot, Objects.requireNonNull(slot.id));
    demand.leases.add(lease);
    return lease;
  }

  /** Waits until one more is ready. */
  private void awaitArrival(LayerDemand demand) {
    int before = demand.ready.size();
    long from = clock.getAsLong();
    long left = deadlineNanos;
    while (demand.ready.size() == before) {
      requireAlive(demand);
      requireProgressPossible(demand);
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("cancelled while waiting for " + awaited(demand));
      }
      if (left <= 0) {
        throw tooLate(demand);
      }
      try {
        long slice = Math.min(left, CANCEL_POLL_NANOS);
        left -= slice - lock.await(() -> isSettled(demand, before), slice);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted while waiting for " + awaited(demand));
      }
    }
    Slot first = demand.ready.stream().skip(before).findFirst().orElseThrow();
    long to = clock.getAsLong();
    demand.stallNanos += to - from;
    counters.stalled(from, to, first.issuedNanos, first.startedNanos);
  }

  /** Whether there is no point in waiting on. */
  private boolean isSettled(LayerDemand demand, int before) {
    return demand.ready.size() > before
        || demand.failure != null
        || demand.closed
        || !lock.isUsable();
  }

  private void requireAlive(LayerDemand demand) {
    if (demand.closed) {
      throw new IllegalStateException(demand + " is closed");
    }
    lock.requireUsable();
    ExpertLoadException failure = demand.failure;
    if (failure != null) {
      throw failure;
    }
  }

  private void requireProgressPossible(LayerDemand demand) {
    boolean[] possible = {slots.inFlight() > 0};
    if (!possible[0]) {
      lock.decide(() -> possible[0] = placement.insist(demand));
    }
    if (!possible[0]) {
      throw new IllegalStateException(
          "%s can never arrive: %d of %d slots are leased and nothing is on the way; release leases before asking for more"
              .formatted(awaited(demand), slots.leased(), slots.total()));
    }
  }

  private ExpertLoadException tooLate(LayerDemand demand) {
    ExpertId expert = awaited(demand);
    return new ExpertLoadException(
        expert,
        "expert %s did not arrive within %d ms (%s: %d experts outstanding, %d of them without a slot). I/O threads: %s"
            .formatted(
                expert,
                TimeUnit.NANOSECONDS.toMillis(deadlineNanos),
                demand,
                demand.undelivered,
                demand.pending.size(),
                ioThreads.get()));
  }

  /** The expert that has been on the way longest, else the first that waits for a slot. */
  private ExpertId awaited(LayerDemand demand) {
    return slots.slots().stream()
        .filter(slot -> slot.owner == demand && slot.state().isInFlight())
        .min(Comparator.comparingLong(slot -> Objects.requireNonNull(slot.load).order))
        .map(slot -> Objects.requireNonNull(slot.id))
        .orElseGet(demand.pending::element);
  }

  /** See {@link LayerDemand#ready}. */
  int ready(LayerDemand demand) {
    return lock.with(demand.ready::size);
  }

  /** See {@link LayerDemand#undelivered}. */
  int undelivered(LayerDemand demand) {
    return lock.with(() -> demand.undelivered);
  }

  /** See {@link ExpertLease#release}. */
  void release(ExpertLease lease, DeviceEvent lastUse) {
    lock.run(
        () -> {
          if (lease.released) {
            throw new IllegalStateException(lease + " has been released already");
          }
          lease.slot.lastUse = lastUse;
          giveBack(lease);
          lease.demand.leases.remove(lease);
          if (lock.isUsable()) {
            lock.decide(placement::pump);
          }
        });
  }

  private void giveBack(ExpertLease lease) {
    lease.released = true;
    slots.become(lease.slot, SlotState.RESIDENT);
    lock.changed();
  }

  /** See {@link LayerDemand#close}. */
  void close(LayerDemand demand) {
    lock.run(
        () -> {
          if (!demand.closed) {
            demand.closed = true;
            demand.leases.forEach(this::giveBack);
            demand.leases.clear();
            lock.decide(() -> placement.abandon(demand));
            trace.demandEnded(demand);
            if (lock.isUsable()) {
              lock.decide(placement::pump);
            }
          }
        });
  }

  /** Waits, under the lock, until all leases have come back or the deadline has passed. */
  void awaitLeases() {
    long left = deadlineNanos;
    boolean interrupted = false;
    while (slots.leased() > 0 && left > 0) {
      try {
        left = lock.await(() -> slots.leased() == 0, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (slots.leased() > 0) {
      throw new IllegalStateException(
          "residency window closed with %d of %d slots leased; they are not freed"
              .formatted(slots.leased(), slots.total()));
    }
  }
}
