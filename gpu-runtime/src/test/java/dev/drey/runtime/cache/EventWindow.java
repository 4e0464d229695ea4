package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A window without time: demands are atomic events, loads take none. It asks the policy as the
 * engine's window does: the policy may spare experts while it can, and the members of a demand are
 * candidates only if nothing else is left.
 */
final class EventWindow {
  /** What happens to an expert that is missing when the window is full. */
  enum Admission {
    /** It must get a slot before it is used. */
    FORCED,
    /** It is used outside of the window, and may stay outside. */
    BYPASS
  }

  private final CachePolicy policy;
  private final ExpertTable table;
  private final Admission admission;
  private final boolean[] resident;
  private final boolean[] member;
  private final Collection<ExpertId> others;
  private int used;
  long hits;
  long misses;
  long evictions;

  EventWindow(CachePolicy policy, CacheShape shape) {
    this(policy, shape, Admission.FORCED);
  }

  EventWindow(CachePolicy policy, CacheShape shape, Admission admission) {
    this.policy = policy;
    this.table = new ExpertTable(shape);
    this.admission = admission;
    this.resident = new boolean[table.size()];
    this.member = new boolean[table.size()];
    this.others = view(e -> resident[e] && !member[e]);
  }

  /** Demands experts, each chosen by one token. */
  void demand(long step, int layer, int... experts) {
    int[] tokens = new int[experts.length];
    Arrays.fill(tokens, 1);
    demand(step, ids(layer, experts), tokens);
  }

  static List<ExpertId> ids(int layer, int... experts) {
    return Arrays.stream(experts).mapToObj(e -> new ExpertId(layer, e)).toList();
  }

  void demand(long step, List<ExpertId> experts, int[] tokens) {
    policy.onDemand(step, experts.get(0).layer(), experts, tokens);
    for (ExpertId expert : experts) {
      member[table.number(expert)] = true;
      if (resident[table.number(expert)]) {
        hits++;
      } else {
        misses++;
      }
    }
    for (ExpertId expert : experts) {
      if (!resident[table.number(expert)]) {
        admit(expert);
      }
    }
    for (ExpertId expert : experts) {
      member[table.number(expert)] = false;
    }
    if (!policy.keepsUsed()) {
      residents().forEach(this::evict);
    }
  }

  private void admit(ExpertId expert) {
    if (used == table.shape().slots()) {
      ExpertId victim = victim(expert);
      if (victim.equals(expert)) {
        return;
      }
      evict(victim);
    }
    resident[table.number(expert)] = true;
    used++;
    policy.onInsert(expert);
  }

  private ExpertId victim(ExpertId incoming) {
    int passing = table.number(incoming);
    ExpertId victim =
        admission == Admission.BYPASS
            ? ask(incoming, view(e -> resident[e] || e == passing), true)
            : ask(incoming, others, false);
    if (victim == null) {
      victim = ask(incoming, others, true);
    }
    if (victim == null) {
      victim = ask(incoming, view(e -> resident[e]), true);
    }
    return Objects.requireNonNull(victim, policy::name);
  }

  private @Nullable ExpertId ask(ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    ExpertId victim = policy.victim(incoming, candidates, must);
    if (victim != null && !candidates.contains(victim)) {
      throw new IllegalStateException(policy.name() + " chose " + victim);
    }
    return victim;
  }

  private void evict(ExpertId expert) {
    resident[table.number(expert)] = false;
    used--;
    evictions++;
    policy.onEvict(expert);
  }

  boolean isResident(ExpertId expert) {
    return resident[table.number(expert)];
  }

  /** What is in the window, rising. */
  List<ExpertId> residents() {
    return new ArrayList<>(view(e -> resident[e]));
  }

  private Collection<ExpertId> view(IntPredicate condition) {
    return new AbstractCollection<>() {
      @Override
      public boolean contains(Object o) {
        return condition.test(table.number((ExpertId) o));
      }

      @Override
      public boolean isEmpty() {
        return IntStream.range(0, table.size()).noneMatch(condition);
      }

      @Override
      public int size() {
        return (int) IntStream.range(0, table.size()).filter(condition).count();
      }

      @Override
      public Iterator<ExpertId> iterator() {
        return IntStream.range(0, table.size()).filter(condition).mapToObj(table::id).iterator();
      }
    };
  }
}
