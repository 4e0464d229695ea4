package dev.drey.it.benchmark;

import dev.drey.runtime.cache.CachePolicy;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.simulate.RoutingTrace;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A window without time and bytes, as thin as it can be: every demand is one event, its misses are
 * loaded at once, and the policy is asked as the engine's window asks it.
 */
final class EventWindow {
  private final CachePolicy policy;
  private final RoutingTrace trace;
  private final ExpertId[] ids;
  private final boolean[] resident;
  private final boolean[] member;
  private final Candidates candidates = new Candidates();
  private final List<List<ExpertId>> demands = new ArrayList<>();
  private final int[][] tokens;
  private final int slots;
  private final int experts;
  private int used;
  private int event;
  private long step;

  /** A window that replays a trace from its begin, over and over. */
  EventWindow(CachePolicy policy, CacheShape shape, RoutingTrace trace) {
    this.policy = policy;
    this.trace = trace;
    this.slots = shape.slots();
    this.experts = shape.experts();
    this.ids =
        IntStream.range(0, shape.totalExperts())
            .mapToObj(i -> new ExpertId(i / experts, i % experts))
            .toArray(ExpertId[]::new);
    this.resident = new boolean[ids.length];
    this.member = new boolean[ids.length];
    this.tokens = new int[trace.events()][];
    for (int i = 0; i < trace.events(); i++) {
      int[] members = Arrays.copyOfRange(trace.members(), trace.from()[i], trace.from()[i + 1]);
      demands.add(Arrays.stream(members).mapToObj(m -> ids[m]).toList());
      tokens[i] = Arrays.copyOfRange(trace.tokens(), trace.from()[i], trace.from()[i + 1]);
    }
  }

  /** One layer's demand; returns the number of misses. */
  int next() {
    int from = trace.from()[event];
    int to = trace.from()[event + 1];
    step += trace.layer()[event] == 0 ? 1 : 0;
    policy.onDemand(step, trace.layer()[event], demands.get(event), tokens[event]);
    for (int i = from; i < to; i++) {
      member[trace.members()[i]] = true;
    }
    int misses = 0;
    for (int i = from; i < to; i++) {
      if (!resident[trace.members()[i]]) {
        misses++;
        load(trace.members()[i]);
      }
    }
    for (int i = from; i < to; i++) {
      member[trace.members()[i]] = false;
      if (!policy.keepsUsed()) {
        evict(ids[trace.members()[i]]);
      }
    }
    event = event + 1 == trace.events() ? 0 : event + 1;
    return misses;
  }

  private void load(int expert) {
    if (used == slots) {
      ExpertId victim = policy.victim(ids[expert], candidates, false);
      if (victim == null) {
        victim = policy.victim(ids[expert], candidates, true);
      }
      if (victim == null) {
        throw new IllegalStateException(policy.name() + " found no victim for " + ids[expert]);
      }
      evict(victim);
    }
    resident[expert] = true;
    used++;
    policy.onInsert(ids[expert]);
  }

  private void evict(ExpertId expert) {
    resident[number(expert)] = false;
    policy.onEvict(expert);
    used--;
  }

  private int number(ExpertId id) {
    return id.layer() * experts + id.index();
  }

  /** Residents that the open demand does not need. */
  private final class Candidates extends AbstractCollection<ExpertId> {
    @Override
    public boolean contains(Object o) {
      int expert = number((ExpertId) o);
      return resident[expert] && !member[expert];
    }

    @Override
    public boolean isEmpty() {
      return used == 0;
    }

    @Override
    public int size() {
      return (int) IntStream.range(0, ids.length).filter(e -> resident[e] && !member[e]).count();
    }

    @Override
    public Iterator<ExpertId> iterator() {
      return IntStream.range(0, ids.length)
          .filter(e -> resident[e] && !member[e])
          .mapToObj(e -> ids[e])
          .iterator();
    }
  }
}
