package dev.drey.runtime.simulate;

import java.util.Arrays;

/**
 * What no cache policy and no prefetching can beat, for a window of so many slots.
 *
 * <p><b>Loads.</b> After every event the experts with the nearest next use stay, of those that were
 * there and those that came; the others go (Belady's MIN over one pool, an event being one atomic
 * access, with bypass: what is used may leave at once). Between two uses of an expert its slot is
 * either kept for it or not, so this is the choice of most intervals of which never more than so
 * many overlap, and dropping the interval that ends last is optimal. An engine's window after an
 * event holds a subset of the same experts, so it loads at least as often, whether on demand or
 * ahead of time.
 *
 * <p><b>Seconds.</b> The computing and those loads one after the other on the link, whichever is
 * longer. {@code stepwiseNanos} takes the longer of the two step by step, at the places where MIN
 * would load: what exact prefetching that never looks beyond a step would reach.
 *
 * @param slots experts the window holds
 * @param loads fewest loads
 * @param nanos shortest time of the whole trace
 * @param stepwiseNanos the same with no loading across steps
 */
public record BeladyBound(int slots, long loads, long nanos, long stepwiseNanos) {
  private static final int NEVER = Integer.MAX_VALUE;

  /** For each use of an expert in a trace, the event of the next. */
  public static final class NextUses {
    private final int[] next;

    private NextUses(int[] next) {
      this.next = next;
    }

    /** Those of a trace; to be shared by bounds for several window sizes. */
    public static NextUses of(RoutingTrace trace) {
      int[] next = new int[trace.members().length];
      int[] seen = new int[trace.header().layers() * trace.header().experts()];
      Arrays.fill(seen, NEVER);
      for (int event = trace.events() - 1; event >= 0; event--) {
        for (int i = trace.from()[event]; i < trace.from()[event + 1]; i++) {
          next[i] = seen[trace.members()[i]];
          seen[trace.members()[i]] = event;
        }
      }
      return new NextUses(next);
    }
  }

  /** Computes the bound. */
  public static BeladyBound of(RoutingTrace trace, NextUses uses, int slots, CostModel cost) {
    FarthestFirst kept = new FarthestFirst(trace.header().layers() * trace.header().experts());
    long move = cost.moveNanos(trace);
    long loads = 0;
    long compute = 0;
    long stepwise = 0;
    long stepLoads = 0;
    long stepCompute = 0;
    for (int event = 0; event < trace.events(); event++) {
      for (int i = trace.from()[event]; i < trace.from()[event + 1]; i++) {
        stepLoads += kept.contains(trace.members()[i]) ? 0 : 1;
      }
      for (int i = trace.from()[event]; i < trace.from()[event + 1]; i++) {
        if (uses.next[i] == NEVER) {
          kept.remove(trace.members()[i]);
        } else {
          kept.put(trace.members()[i], uses.next[i]);
        }
      }
      while (kept.size() > slots) {
        kept.removeFarthest();
      }
      stepCompute += cost.computeNanos(trace, event);
      if (trace.endsStep(event)) {
        loads += stepLoads;
        compute += stepCompute;
        stepwise += Math.max(stepCompute, stepLoads * move);
        stepLoads = 0;
        stepCompute = 0;
      }
    }
    return new BeladyBound(slots, loads, Math.max(compute, loads * move), stepwise);
  }
}
