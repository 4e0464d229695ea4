package dev.drey.runtime.residency;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.transfer.TransferEngine;
import dev.drey.runtime.transfer.TransferPriority;
import dev.drey.runtime.transfer.TransferTicket;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Carries out what {@link Placement} decides: starts and stops loads, evicts, and takes the reports
 * of finished loads, keeping slots, cache policy and counters in step. Guarded by the window's
 * lock; never waits.
 */
final class Loads {
  private final SlotTable slots;
  private final TransferEngine engine;
  private final ExpertBlocks blocks;
  private final CachePolicy policy;
  private final Counters counters;
  private final WindowTrace trace;
  private final LongSupplier clock;
  private final ExpertLoad.Listener listener;
  private long started;

  Loads(
      SlotTable slots,
      TransferEngine engine,
      ExpertBlocks blocks,
      CachePolicy policy,
      Counters counters,
      WindowTrace trace,
      LongSupplier clock,
      ExpertLoad.Listener listener) {
    this.slots = slots;
    this.engine = engine;
    this.blocks = blocks;
    this.policy = policy;
    this.counters = counters;
    this.trace = trace;
    this.clock = clock;
    this.listener = listener;
  }

  /** Somebody has asked for the expert in this slot. */
  void use(Slot slot) {
    if (slot.unusedPrefetch) {
      counters.prefetchUsed++;
      slot.unusedPrefetch = false;
    }
    slots.leaveShare(slot);
  }

  /** The prefetch into this slot has lost its purpose before it was complete. */
  void cancelled(Slot slot) {
    if (slot.unusedPrefetch) {
      counters.prefetchCancelled++;
      slot.unusedPrefetch = false;
    }
    slots.leaveShare(slot);
  }

  /**
   * Evicts the policy's choice among the residents for which the condition holds, if any and if it
   * does not spare them all.
   *
   * @param incoming the expert that room is made for
   */
  boolean evict(ExpertId incoming, Predicate<Slot> condition) {
    return evict(incoming, condition, false);
  }

  /** As {@link #evict}, but nothing is spared. */
  boolean evictAnyway(ExpertId incoming, Predicate<Slot> condition) {
    return evict(incoming, condition, true);
  }

  private boolean evict(ExpertId incoming, Predicate<Slot> condition, boolean must) {
    Collection<ExpertId> candidates = slots.resident(condition);
    ExpertId victim = policy.victim(incoming, candidates, must);
    if (victim == null && (!must || candidates.isEmpty())) {
      return false;
    }
    if (victim == null || !candidates.contains(victim)) {
      throw new IllegalStateException(
          "cache policy '%s' chose %s, which is not among the candidates %s"
              .formatted(policy.name(), victim, candidates));
    }
    leave(Objects.requireNonNull(slots.find(victim)));
    return true;
  }

  /** Evicts every resident for which the condition holds, in rising order. */
  void evictAll(Predicate<Slot> condition) {
    List<Slot> leaving = new ArrayList<>();
    for (Slot slot : slots.slots()) {
      if (slot.state() == SlotState.RESIDENT && condition.test(slot)) {
        leaving.add(slot);
      }
    }
    leaving.sort(Comparator.comparing(slot -> Objects.requireNonNull(slot.id)));
    leaving.forEach(this::leave);
  }

  private void leave(Slot slot) {
    ExpertId id = Objects.requireNonNull(slot.id);
    if (slot.unusedPrefetch) {
      counters.prefetchWasted++;
    }
    counters.evictions++;
    trace.evicted(id, slot.unusedPrefetch);
    policy.onEvict(id);
    slots.release(slot);
  }

  /** Starts a load into a free slot. */
  Slot start(ExpertId expert, TransferPriority priority) {
    Slot slot = slots.occupy(expert, priority);
    slot.issuedNanos = clock.getAsLong();
    ExpertLoad load = new ExpertLoad(slot, expert, priority, started++, blocks, listener);
    slot.load = load;
    TransferTicket ticket = engine.submit(load, priority);
    if (ticket == null) {
      slots.release(slot);
      throw new IllegalStateException("transfer queue refused " + load + ": " + engine.describe());
    }
    load.accepted(ticket);
    policy.onInsert(expert);
    trace.issued(load);
    return slot;
  }

  /** Stops a load; true if its slot is free already, false if that will be reported. */
  boolean cancel(Slot slot) {
    giveUp(slot);
    if (engine.cancel(Objects.requireNonNull(slot.load).ticket())) {
      stopped(slot);
      return true;
    }
    return false;
  }

  /** The expert is not expected in this slot any more: for the policy it has left, once. */
  void giveUp(Slot slot) {
    if (!slot.stopping) {
      slot.stopping = true;
      policy.onEvict(Objects.requireNonNull(slot.id));
    }
  }

  /** The expert is expected again, if its load had been told to stop. */
  void expect(Slot slot) {
    if (slot.stopping) {
      slot.stopping = false;
      policy.onInsert(Objects.requireNonNull(slot.id));
    }
  }

  // -- reports of I/O threads

  void drained(ExpertLoad load) {
    TransferPriority priority =
        load.isPrefetch() ? TransferPriority.PREFETCH : TransferPriority.DEMAND;
    slots.become(load.slot, SlotTable.loading(priority));
  }

  void loaded(Slot slot, DeviceEvent arrival) {
    ExpertLoad load = Objects.requireNonNull(slot.load);
    load.ended(arrival);
    slot.startedNanos = load.ticket().startedNanos();
    trace.ended(slot, LoadResult.LOADED);
    slot.load = null;
    slot.arrival = arrival;
    slot.lastUse = arrival;
    slots.become(slot, SlotState.RESIDENT);
    expect(slot);
    LayerDemand owner = slot.owner;
    if (owner != null) {
      owner.ready.add(slot);
    }
  }

  void stopped(Slot slot) {
    Objects.requireNonNull(slot.load).ended(DeviceEvent.REACHED);
    trace.ended(slot, LoadResult.STOPPED);
    giveUp(slot);
    cancelled(slot);
    slots.release(slot);
  }

  void failed(Slot slot, Throwable cause) {
    Objects.requireNonNull(slot.load).ended(DeviceEvent.REACHED);
    ExpertId id = Objects.requireNonNull(slot.id);
    LayerDemand owner = slot.owner;
    if (owner != null) {
      String reason = "expert " + id + " could not be loaded: " + cause.getMessage();
      owner.failure = new ExpertLoadException(id, reason, cause);
    }
    trace.ended(slot, LoadResult.FAILED);
    giveUp(slot);
    if (slot.unusedPrefetch) {
      counters.prefetchFailed++;
      slot.unusedPrefetch = false;
    }
    slots.release(slot);
  }
}
