package dev.drey.runtime.residency;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.transfer.TransferEngine;
import dev.drey.runtime.transfer.TransferPriority;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides which load goes into which slot. Guarded by the window's lock; never waits.
 *
 * <p><b>Words.</b>
 *
 * <pre>
 *  not needed now   resident, not leased, and not to be handed out to the open demand
 *  unasked          the same, and no admitted prediction ahead of now is for it
 *  idle             unasked, and its last use is reached: it may be written at once
 *  spared           the cache policy chose none of the candidates
 *  moving           a load whose bytes an I/O thread has begun to bring in
 *  stopping         a load that was told to stop; its slot comes free when it reports
 *  wish             a predicted expert that waits for a slot
 *  ahead            counts towards the half of all slots that prefetches may have
 * </pre>
 *
 * <p><b>Where a demand finds a slot</b>, in this order: a free one; the cache policy's victim among
 * residents nobody asked for; a prefetch that has not begun to move, the latest first; a victim
 * among residents that are predicted for a layer ahead; at last it stops prefetches that are being
 * moved and takes their slots when they report. Leased experts and members of the current demand
 * that have not been handed out are never touched.
 *
 * <p><b>What the policy spares</b> is no candidate. The demand then streams through the other
 * slots: it waits until one of them comes free by itself. Only when fewer than two slots serve it,
 * or the task thread asks for more while it holds all of them, does it take a spared one.
 *
 * <p><b>Where a prefetch finds one</b>: a free slot or the policy's victim among residents that
 * nobody asked for, that no admitted prediction ahead of now is for, that the policy does not
 * spare, that the current demand does not need any more and whose last use is reached. It gets none
 * while a demand waits for a slot, nor beyond half of all slots. What finds no room waits in a
 * bounded queue until its layer has come.
 */
final class Placement {
  private record Wish(ExpertId expert, long position) {}

  // -- configuration
  private final SlotTable slots;
  private final Loads loads;
  private final TransferEngine engine;
  private final CachePolicy policy;
  private final Counters counters;
  private final WindowTrace trace;
  private final int prefetchShare;
  private final int maxWishes;

  // -- runtime
  private final Timeline timeline;
  private final ArrayDeque<Wish> wishes = new ArrayDeque<>();
  private @Nullable LayerDemand current;
  private boolean closed;

  Placement(
      SlotTable slots,
      Loads loads,
      TransferEngine engine,
      CachePolicy policy,
      Counters counters,
      WindowTrace trace) {
    this.slots = slots;
    this.loads = loads;
    this.engine = engine;
    this.policy = policy;
    this.counters = counters;
    this.trace = trace;
    this.prefetchShare = slots.total() / 2;
    this.maxWishes = Math.max(slots.total(), slots.experts());
    this.timeline = new Timeline(slots.layers());
  }

  @Nullable LayerDemand current() {
    return current;
  }

  // -- demand

  /** Takes a demand in: one atomic event, then the first loads. */
  void admit(LayerDemand demand, List<ExpertId> experts, int[] tokens) {
    current = demand;
    if (!timeline.demand(timeline.position(demand.step, demand.layer))) {
      forgetPredictions();
    }
    policy.onDemand(demand.step, demand.layer, experts, tokens);
    for (ExpertId expert : experts) {
      trace.found(expert, classify(demand, expert));
    }
    trace.demanded(demand, experts);
    dropPassed();
    pump();
  }

  private DemandOutcome classify(LayerDemand demand, ExpertId expert) {
    Slot slot = slots.find(expert);
    if (slot != null && slot.state() == SlotState.RESIDENT) {
      counters.hit(demand.layer);
      loads.use(slot);
      slot.owner = demand;
      demand.ready.add(slot);
      return DemandOutcome.HIT;
    }
    DemandOutcome joined = slot == null ? DemandOutcome.MISS : join(demand, slot);
    if (joined == DemandOutcome.MISS) {
      demand.pending.add(expert);
    }
    if (joined == DemandOutcome.LATE) {
      counters.lateHit(demand.layer);
    } else {
      counters.miss(demand.layer);
    }
    return joined;
  }

  /** Makes a load that is on its way part of the demand; a miss if it has just been stopped. */
  private DemandOutcome join(LayerDemand demand, Slot slot) {
    ExpertLoad load = Objects.requireNonNull(slot.load);
    boolean moving = load.ticket().started();
    if (!engine.promote(load.ticket())) {
      // it has failed, and its report waits for the lock; or it had been given up already
      loads.giveUp(slot);
      return DemandOutcome.MISS;
    }
    if (moving) {
      loads.use(slot);
    } else {
      loads.cancelled(slot);
    }
    slot.owner = demand;
    loads.expect(slot);
    slot.predictedFor = Slot.NOT_PREDICTED;
    load.promoted();
    if (slot.state() == SlotState.LOADING_PREFETCH) {
      slots.become(slot, SlotState.LOADING_DEMAND);
    }
    return moving ? DemandOutcome.LATE : DemandOutcome.OVERTAKEN;
  }

  /** Ends a demand: what it waited for is not needed any more. */
  void abandon(LayerDemand demand) {
    for (Slot slot : slots.slots()) {
      if (slot.owner == demand) {
        slot.owner = null;
        if (slot.state().isInFlight()) {
          loads.cancel(slot);
        }
      }
    }
    current = null;
    if (!policy.keepsUsed()) {
      loads.evictAll(Slot::isUnasked);
    }
  }

  // -- predictions

  /** Takes a prediction in, expert by expert; returns how many were not dropped. */
  int offer(Prediction prediction) {
    int accepted = 0;
    for (int i = 0; i < prediction.count(); i++) {
      accepted +=
          slots.isKnown(prediction.layer(), prediction.expert(i)) && offer(prediction, i) ? 1 : 0;
    }
    return accepted;
  }

  private boolean offer(Prediction prediction, int index) {
    ExpertId expert = slots.id(prediction.layer(), prediction.expert(index));
    long position = timeline.position(prediction.step(), expert.layer());
    if (timeline.isStale(position)) {
      counters.predictionsStale++;
      return false;
    }
    policy.onPrediction(
        prediction.step(), prediction.issuedAtLayer(), expert, prediction.score(index));
    Wish wish = new Wish(expert, position);
    if (grant(wish)) {
      return true;
    }
    if (wishes.size() < maxWishes) {
      return wishes.add(wish);
    }
    counters.predictionsDropped++;
    return false;
  }

  /** The forward pass has come to a layer. */
  void reach(long step, int layer) {
    if (!timeline.reach(timeline.position(step, layer))) {
      forgetPredictions();
    }
    dropPassed();
    pump();
  }

  private boolean grant(Wish wish) {
    Slot there = slots.find(wish.expert());
    if (there != null) {
      there.predictedFor = there.stopping ? Slot.NOT_PREDICTED : wish.position();
      return !there.stopping;
    }
    if (closed || slots.ahead() >= prefetchShare) {
      return false;
    }
    if (slots.free() == 0 && !loads.evict(wish.expert(), Slot::isIdle)) {
      return false;
    }
    Slot slot = loads.start(wish.expert(), TransferPriority.PREFETCH);
    slot.predictedFor = wish.position();
    slot.unusedPrefetch = true;
    slots.joinShare(slot);
    counters.prefetchIssued++;
    return true;
  }

  /** Lets go of what was meant for layers that have been passed. */
  private void dropPassed() {
    int before = wishes.size();
    wishes.removeIf(wish -> timeline.isStale(wish.position()));
    counters.predictionsDropped += before - wishes.size();
    for (Slot slot : slots.slots()) {
      if (slot.predictedFor != Slot.NOT_PREDICTED && timeline.isPassed(slot.predictedFor)) {
        forget(slot);
      }
    }
  }

  private void forgetPredictions() {
    counters.predictionsDropped += wishes.size();
    wishes.clear();
    slots.slots().forEach(this::forget);
  }

  private void forget(Slot slot) {
    slot.predictedFor = Slot.NOT_PREDICTED;
    if (slot.isPrefetching()) {
      loads.cancel(slot);
    } else {
      slots.leaveShare(slot);
    }
  }

  // -- slots

  /** Gives slots to whoever waits for one: demands, then predictions. */
  void pump() {
    LayerDemand demand = current;
    while (demand != null && !closed && !demand.pending.isEmpty()) {
      if (!makeRoom(demand)) {
        return;
      }
      loads.start(demand.pending.remove(), TransferPriority.DEMAND).owner = demand;
    }
    while (!closed && !wishes.isEmpty() && grant(wishes.element())) {
      wishes.remove();
    }
  }

  /** Finds a free slot for a demand, or makes prefetches stop so that there will be one. */
  private boolean makeRoom(LayerDemand demand) {
    ExpertId incoming = demand.pending.element();
    if (slots.free() > 0 || loads.evict(incoming, Slot::isUnasked)) {
      return true;
    }
    for (Slot slot = latestPrefetch(false); slot != null; slot = latestPrefetch(false)) {
      if (loads.cancel(slot)) {
        return true;
      }
    }
    if (loads.evict(incoming, Slot::isNotNeededNow)) {
      return true;
    }
    long stopping = slots.slots().stream().filter(slot -> slot.stopping).count();
    for (; stopping < demand.pending.size(); stopping++) {
      Slot slot = latestPrefetch(true);
      if (slot == null) {
        break;
      }
      if (loads.cancel(slot)) {
        return true;
      }
    }
    return !flows(demand) && loads.evictAnyway(incoming, Slot::isNotNeededNow);
  }

  /** Whether slots that serve a demand, or are about to, let the rest of it through. */
  private boolean flows(LayerDemand demand) {
    int serving = slots.leased();
    for (Slot slot : slots.slots()) {
      serving += slot.owner == demand || slot.stopping ? 1 : 0;
    }
    return serving >= ResidencyWindow.MIN_SLOTS;
  }

  /** Takes a slot for a demand from what the policy spares; false if there is nothing to take. */
  boolean insist(LayerDemand demand) {
    ExpertId incoming = demand.pending.peek();
    if (closed || incoming == null || !loads.evictAnyway(incoming, Slot::isNotNeededNow)) {
      return false;
    }
    pump();
    return true;
  }

  /** The prefetch issued last among those that are (not) being moved; null if there is none. */
  private @Nullable Slot latestPrefetch(boolean moving) {
    Slot latest = null;
    long latestOrder = -1;
    for (Slot slot : slots.slots()) {
      ExpertLoad load = slot.load;
      if (load != null
          && load.isPrefetch()
          && !slot.stopping
          && load.ticket().started() == moving
          && load.order > latestOrder) {
        latest = slot;
        latestOrder = load.order;
      }
    }
    return latest;
  }

  void close() {
    closed = true;
    wishes.clear();
  }
}
