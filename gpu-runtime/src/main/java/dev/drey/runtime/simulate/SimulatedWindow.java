package dev.drey.runtime.simulate;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.simulate.SimulatedSlots.State;
import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * A residency window without bytes, in virtual time, for one replay.
 *
 * <p>It makes the decisions of the engine's {@code residency.Placement} by the same rules, in the
 * same order, with the same calls of the same cache policy: a demand is one atomic event; a demand
 * finds a slot among the free, then the policy's victim among residents nobody asked for, then a
 * queued prefetch, then a predicted resident, then a moving prefetch, then what the policy spares;
 * a prefetch takes a free slot or a victim nobody asked for, and no more than half of all slots, or
 * waits in a bounded queue. Experts are handed out as they become ready, at most eight at a time.
 *
 * <p><b>Where it differs from the engine.</b> A load that is stopped stops at once, not between two
 * blocks. A prefetch gives way to a demand at once. All I/O threads together are one link that
 * moves one expert at a time. The last use of an expert is reached when its lease is released, as
 * on the processor. Predictions reach the window right after the router they were made after, as
 * without Flink.
 *
 * <p>Without predictions, and with one I/O thread in the engine, none of this touches a decision:
 * hits, misses, evictions and loads are the engine's, in its order, at any link speed. With
 * predictions the same holds if every load is complete before the next decision that could see it
 * ({@link CostModel#INSTANT}).
 */
final class SimulatedWindow {
  /** Slots that let a demand through; see the engine's window. */
  private static final int MIN_SLOTS = 2;

  /** As many as the engine computes per call. */
  private static final int EXPERTS_PER_CALL = 8;

  private record Wish(int expert, long position) {}

  /** What the window did. */
  static final class Counts {
    long hits;
    long lateHits;
    long misses;
    long prefetchIssued;
    long prefetchUsed;
    long prefetchWasted;
    long prefetchCancelled;
    long loads;
    long evictions;
    double bytes;
  }

  // -- configuration
  private final RoutingTrace trace;
  private final CachePolicy policy;
  private final TraceSink sink;
  private final SimulatedLink link;
  private final SimulatedSlots slots;
  private final ExpertId[] ids;
  private final int layers;
  private final int experts;
  private final int prefetchShare;
  private final int maxWishes;

  // -- runtime
  final Counts counts = new Counts();
  private final ArrayDeque<Wish> wishes = new ArrayDeque<>();
  private final IntQueue pending;
  private final IntQueue ready;
  private final long[] loadNumber;
  private final int[] told;
  private final DemandOutcome[] outcomes;
  private long now;
  private long position = -1;
  private long demandedPosition = -1;

  SimulatedWindow(
      RoutingTrace trace, CachePolicy policy, int slots, long moveNanos, TraceSink sink) {
    this.trace = trace;
    this.policy = policy;
    this.sink = sink;
    this.layers = trace.header().layers();
    this.experts = trace.header().experts();
    int all = layers * experts;
    this.ids = new ExpertId[all];
    for (int expert = 0; expert < all; expert++) {
      ids[expert] = new ExpertId(expert / experts, expert % experts);
    }
    this.slots = new SimulatedSlots(slots, ids, experts);
    this.link = new SimulatedLink(all, moveNanos, this::arrived);
    this.prefetchShare = slots / 2;
    this.maxWishes = Math.max(slots, experts);
    this.pending = new IntQueue(experts);
    this.ready = new IntQueue(experts);
    this.loadNumber = new long[all];
    this.told = new int[experts];
    this.outcomes = new DemandOutcome[experts];
  }

  /** Lets virtual time pass. */
  void pass(long nanos) {
    long to = now + nanos;
    link.advance(to);
    now = to;
  }

  /** Virtual time. */
  long now() {
    return now;
  }

  // -- demand

  /** Takes the demand of an event in. */
  void demand(int event) {
    long step = trace.step()[event];
    int layer = trace.layer()[event];
    int from = trace.from()[event];
    int count = trace.from()[event + 1] - from;
    long reached = step * layers + layer;
    if (reached < position) {
      forgetPredictions();
    }
    position = reached;
    demandedPosition = reached;
    List<ExpertId> members = members(from, count);
    policy.onDemand(step, layer, members, Arrays.copyOfRange(trace.tokens(), from, from + count));
    for (int i = 0; i < count; i++) {
      int expert = trace.members()[from + i];
      outcomes[i] = classify(expert);
      told[i] = expert % experts;
    }
    if (sink.isRecording()) {
      sink.demanded(now, step, layer, count, told, outcomes);
    }
    dropPassed();
    pump();
    link.advance(now);
  }

  private List<ExpertId> members(int from, int count) {
    List<ExpertId> members = new ArrayList<>(count);
    for (int i = from; i < from + count; i++) {
      members.add(ids[trace.members()[i]]);
    }
    return members;
  }

  private DemandOutcome classify(int expert) {
    return switch (slots.state(expert)) {
      case RESIDENT -> hit(expert);
      case IN_FLIGHT -> join(expert);
      case ABSENT -> miss(expert);
      case LEASED ->
          throw new IllegalStateException(ids[expert] + " is leased between two demands");
    };
  }

  private DemandOutcome hit(int expert) {
    counts.hits++;
    use(expert);
    slots.own(expert, true);
    ready.add(expert);
    return DemandOutcome.HIT;
  }

  private DemandOutcome miss(int expert) {
    counts.misses++;
    pending.add(expert);
    return DemandOutcome.MISS;
  }

  private DemandOutcome join(int expert) {
    boolean moving = link.hasStarted(expert);
    link.promote(expert);
    slots.own(expert, true);
    slots.forget(expert);
    if (moving) {
      counts.lateHits++;
      use(expert);
      return DemandOutcome.LATE;
    }
    counts.misses++;
    counts.prefetchCancelled += slots.settle(expert) ? 1 : 0;
    return DemandOutcome.OVERTAKEN;
  }

  private void use(int expert) {
    counts.prefetchUsed += slots.settle(expert) ? 1 : 0;
  }

  // -- computing

  /**
   * Computes the open demand's experts as they become ready, and ends it.
   *
   * @param nanos time of all of them, shared out by their rows
   * @return time waited
   */
  long compute(int event, long nanos) {
    int from = trace.from()[event];
    int left = trace.from()[event + 1] - from;
    long rows = 0;
    for (int i = 0; i < left; i++) {
      rows += trace.tokens()[from + i];
    }
    double nanosPerRow = rows == 0 ? 0 : (double) nanos / rows;
    long stalled = 0;
    int[] batch = new int[EXPERTS_PER_CALL];
    while (left > 0) {
      stalled += awaitReady(event);
      int most = pending.isEmpty() ? EXPERTS_PER_CALL : slots.total() / 2;
      int count = Math.min(Math.min(most, EXPERTS_PER_CALL), ready.size());
      double took = 0;
      for (int i = 0; i < count; i++) {
        batch[i] = ready.remove();
        slots.own(batch[i], false);
        slots.become(batch[i], State.LEASED);
        took += nanosPerRow * rowsOf(event, batch[i]);
      }
      pass(Math.round(took));
      for (int i = 0; i < count; i++) {
        slots.become(batch[i], State.RESIDENT);
        pump();
      }
      link.advance(now);
      left -= count;
    }
    end(event, stalled);
    return stalled;
  }

  private int rowsOf(int event, int expert) {
    int low = trace.from()[event];
    int high = trace.from()[event + 1] - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (trace.members()[middle] < expert) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return trace.tokens()[low];
  }

  private long awaitReady(int event) {
    long from = now;
    while (ready.isEmpty()) {
      if (!link.advanceToArrival()) {
        throw new IllegalStateException(
            "nothing is on the way, but step %d, layer %d waits for %d experts"
                .formatted(trace.step()[event], trace.layer()[event], pending.size()));
      }
    }
    return now - from;
  }

  private void end(int event, long stalled) {
    if (!policy.keepsUsed()) {
      List.copyOf(slots.unasked()).forEach(this::leave);
    }
    if (sink.isRecording()) {
      sink.demandEnded(now, trace.step()[event], trace.layer()[event], stalled);
    }
    pump();
    link.advance(now);
  }

  // -- predictions

  /** Offers a prediction, made for the step of an event. */
  void offer(int event, int issuedAtLayer, int expert, float score) {
    long step = trace.step()[event];
    long target = step * layers + expert / experts;
    if (target > position) {
      policy.onPrediction(step, issuedAtLayer, ids[expert], score);
      Wish wish = new Wish(expert, target);
      if (!grant(wish) && wishes.size() < maxWishes) {
        wishes.add(wish);
      }
      link.advance(now);
    }
  }

  private boolean grant(Wish wish) {
    int expert = wish.expert();
    if (slots.state(expert) != State.ABSENT) {
      slots.predict(expert, wish.position());
      return true;
    }
    if (slots.ahead() >= prefetchShare) {
      return false;
    }
    if (slots.free() == 0 && !evict(expert, slots.unasked(), false)) {
      return false;
    }
    start(expert, false);
    slots.predict(expert, wish.position());
    slots.prefetched(expert);
    counts.prefetchIssued++;
    return true;
  }

  private void dropPassed() {
    for (Iterator<Wish> all = wishes.iterator(); all.hasNext(); ) {
      if (all.next().position() <= position) {
        all.remove();
      }
    }
    for (int i = slots.predictions() - 1; i >= 0; i--) {
      int expert = slots.predicted(i);
      long target = slots.predictedFor(expert);
      if (target < position || target <= demandedPosition) {
        forget(expert);
      }
    }
  }

  private void forgetPredictions() {
    wishes.clear();
    for (int i = slots.predictions() - 1; i >= 0; i--) {
      forget(slots.predicted(i));
    }
  }

  private void forget(int expert) {
    slots.forget(expert);
    if (slots.state(expert) == State.IN_FLIGHT && !link.isDemand(expert)) {
      cancel(expert);
    } else {
      slots.leaveShare(expert);
    }
  }

  // -- slots

  private void pump() {
    while (!pending.isEmpty()) {
      if (!makeRoom()) {
        return;
      }
      int expert = pending.remove();
      start(expert, true);
      slots.own(expert, true);
    }
    while (!wishes.isEmpty() && grant(wishes.element())) {
      wishes.remove();
    }
  }

  private boolean makeRoom() {
    int incoming = pending.first();
    if (slots.free() > 0 || evict(incoming, slots.unasked(), false)) {
      return true;
    }
    int queued = link.latestPrefetch(false);
    if (queued >= 0) {
      cancel(queued);
      return true;
    }
    if (evict(incoming, slots.notNeeded(), false)) {
      return true;
    }
    int moving = link.latestPrefetch(true);
    if (moving >= 0) {
      cancel(moving);
      return true;
    }
    return slots.serving() < MIN_SLOTS && evict(incoming, slots.notNeeded(), true);
  }

  private boolean evict(int incoming, ExpertSet candidates, boolean must) {
    ExpertId victim = policy.victim(ids[incoming], candidates, must);
    if (victim == null && (!must || candidates.isEmpty())) {
      return false;
    }
    if (victim == null || !candidates.contains(victim)) {
      throw new IllegalStateException(
          "cache policy '%s' chose %s, which is not among the candidates %s"
              .formatted(policy.name(), victim, candidates));
    }
    leave(victim);
    return true;
  }

  private void leave(ExpertId victim) {
    int expert = victim.layer() * experts + victim.index();
    boolean unused = slots.isUnusedPrefetch(expert);
    counts.prefetchWasted += unused ? 1 : 0;
    counts.evictions++;
    if (sink.isRecording()) {
      sink.evicted(now, victim.layer(), victim.index(), unused);
    }
    policy.onEvict(victim);
    slots.release(expert);
  }

  private void start(int expert, boolean demand) {
    slots.become(expert, State.IN_FLIGHT);
    loadNumber[expert] = counts.loads++;
    policy.onInsert(ids[expert]);
    link.submit(expert, demand);
    if (sink.isRecording()) {
      sink.loadIssued(now, loadNumber[expert], expert / experts, expert % experts, !demand);
    }
  }

  private void cancel(int expert) {
    policy.onEvict(ids[expert]);
    link.cancel(expert);
    double moved = link.moved(expert) * trace.header().expertBytes();
    counts.bytes += moved;
    counts.prefetchCancelled += slots.isUnusedPrefetch(expert) ? 1 : 0;
    tellEnd(expert, (long) moved, LoadResult.STOPPED);
    slots.release(expert);
  }

  private void arrived(int expert) {
    now = link.time();
    counts.bytes += trace.header().expertBytes();
    tellEnd(expert, trace.header().expertBytes(), LoadResult.LOADED);
    slots.become(expert, State.RESIDENT);
    if (slots.isOwned(expert)) {
      ready.add(expert);
    }
    pump();
  }

  private void tellEnd(int expert, long bytes, LoadResult result) {
    if (sink.isRecording()) {
      sink.loadEnded(
          link.time(),
          loadNumber[expert],
          expert / experts,
          expert % experts,
          link.startedNanos(expert),
          bytes,
          !link.isDemand(expert),
          result);
    }
  }
}
