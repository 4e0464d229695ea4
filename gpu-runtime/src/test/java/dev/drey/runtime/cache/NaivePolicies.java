package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Policies as one would first write them down, to compare the real ones with. */
final class NaivePolicies {
  private NaivePolicies() {}

  /** The longest untouched, in a list that is searched. */
  static CachePolicy lru() {
    return new CachePolicy() {
      private final List<ExpertId> oldestFirst = new ArrayList<>();

      @Override
      public String name() {
        return "naive.lru";
      }

      @Override
      public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
        for (ExpertId expert : experts) {
          if (oldestFirst.remove(expert)) {
            oldestFirst.add(expert);
          }
        }
      }

      @Override
      public void onInsert(ExpertId expert) {
        oldestFirst.add(expert);
      }

      @Override
      public void onEvict(ExpertId expert) {
        oldestFirst.remove(expert);
      }

      @Override
      public @Nullable ExpertId victim(
          ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
        return oldestFirst.stream().filter(candidates::contains).findFirst().orElse(null);
      }
    };
  }

  /** The least count among all candidates; all counts of a layer fade at each of its demands. */
  static CachePolicy lfu(int layers, double fading) {
    return new CachePolicy() {
      private final Map<ExpertId, Double> counts = new TreeMap<>();
      private int now = layers - 1;

      @Override
      public String name() {
        return "naive.lfu";
      }

      @Override
      public void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens) {
        counts.replaceAll((id, count) -> id.layer() == layer ? count * fading : count);
        experts.forEach(expert -> counts.merge(expert, 1.0, Double::sum));
        now = layer;
      }

      @Override
      public void onInsert(ExpertId expert) {}

      @Override
      public void onEvict(ExpertId expert) {}

      @Override
      public @Nullable ExpertId victim(
          ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
        Comparator<ExpertId> byCount =
            Comparator.comparingDouble(id -> counts.getOrDefault(id, 0.0));
        return candidates.stream()
            .min(
                byCount
                    .thenComparingInt(id -> -Math.floorMod(id.layer() - now - 1, layers))
                    .thenComparingInt(id -> -id.index()))
            .orElse(null);
      }
    };
  }

  /** An adaptive replacement cache for single accesses, decision by decision as it is published. */
  static final class Arc {
    private final int slots;
    private final boolean fate;
    private final List<Integer> t1 = new ArrayList<>();
    private final List<Integer> t2 = new ArrayList<>();
    private final List<Integer> b1 = new ArrayList<>();
    private final List<Integer> b2 = new ArrayList<>();
    private double share;

    Arc(int slots, boolean fate) {
      this.slots = slots;
      this.fate = fate;
    }

    /** Accesses an expert; true if it was resident. */
    boolean access(Integer expert) {
      if (t1.remove(expert) || t2.remove(expert)) {
        t2.add(expert);
        return true;
      }
      if (b1.contains(expert)) {
        double step = fate ? Math.min(t1.size(), slots) : Math.max(1, ratio(b2, b1));
        share = Math.min(slots, share + step);
        replace();
        b1.remove(expert);
        t2.add(expert);
      } else if (b2.contains(expert)) {
        double step = fate ? Math.min(t2.size(), slots) : Math.max(1, ratio(b1, b2));
        share = Math.max(0, share - step);
        replace();
        b2.remove(expert);
        t2.add(expert);
      } else {
        admit(expert);
      }
      return false;
    }

    private static double ratio(List<Integer> above, List<Integer> below) {
      return (double) above.size() / below.size();
    }

    private void admit(Integer expert) {
      int all = t1.size() + t2.size() + b1.size() + b2.size();
      if (t1.size() + b1.size() == slots) {
        if (b1.isEmpty()) {
          t1.remove(0);
        } else {
          b1.remove(0);
          replace();
        }
      } else if (all >= slots) {
        if (all == 2 * slots) {
          b2.remove(0);
        }
        replace();
      }
      t1.add(expert);
    }

    private void replace() {
      if (t1.size() + t2.size() < slots) {
        return;
      }
      if (!t1.isEmpty() && (t1.size() > share || t2.isEmpty())) {
        b1.add(t1.remove(0));
      } else {
        b2.add(t2.remove(0));
      }
    }

    List<Integer> residents() {
      List<Integer> all = new ArrayList<>(t1);
      all.addAll(t2);
      all.sort(null);
      return all;
    }
  }
}
