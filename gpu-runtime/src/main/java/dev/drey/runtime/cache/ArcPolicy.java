package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.ExpertTable.NONE;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;

/**
 * An adaptive replacement cache for every layer: what was used once (T1) and what was used again
 * (T2) are kept apart, the numbers of what was evicted from either are remembered (B1, B2), and a
 * demand for one of those moves the share of T1 towards the list that should have been longer.
 *
 * <p>Megiddo and Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache" (2003). {@code
 * fate.arc} is the form of "Fate" (arXiv 2502.12224): large steps of the share, and quotas that
 * favour shallow layers; {@code classic.arc} has the textbook's steps and even quotas.
 *
 * <p>Ours: the members of a demand are touched in rising order when it is heard of, those that are
 * still on their way included, so that the order of arrival does not matter; the share of T1 is
 * compared with what was there before the demand; caches start empty; an expert that arrived by
 * prediction has not been used yet, so its first demand counts as the first and not as the second,
 * and if it leaves before, no list remembers it.
 */
final class ArcPolicy extends QuotaPolicy {
  private static final int T1 = 0;
  private static final int T2 = 1;
  private static final int B1 = 2;
  private static final int B2 = 3;
  private static final int LISTS = 4;

  /** By how much a demand for an evicted expert moves the share of T1. */
  enum Step {
    /** By the length of the list that has the slots. */
    FATE,
    /** By the ratio of the two lists of evicted experts, at least 1. */
    TEXTBOOK
  }

  private final Step step;
  private final RecencyLists lists;
  private final double[] shares;
  private final byte[] remembered;
  private final boolean[] unused;
  private final boolean[] newcomer;
  private final int[] newcomers;

  private ArcPolicy(String name, CacheShape shape, int[] quotas, Step step) {
    super(name, shape, quotas);
    this.step = step;
    this.lists = new RecencyLists(table.size(), LISTS * table.layers());
    this.shares = new double[table.layers()];
    this.remembered = new byte[table.size()];
    this.unused = new boolean[table.size()];
    this.newcomer = new boolean[table.size()];
    this.newcomers = new int[table.layers()];
  }

  static ArcPolicy textbook(CacheShape shape) {
    return textbook(shape, LayerQuotas.even(shape));
  }

  static ArcPolicy textbook(CacheShape shape, int[] quotas) {
    return new ArcPolicy("classic.arc", shape, quotas, Step.TEXTBOOK);
  }

  static ArcPolicy fate(CacheShape shape) {
    return fate(shape, LayerQuotas.shallowFirst(shape));
  }

  static ArcPolicy fate(CacheShape shape, int[] quotas) {
    return new ArcPolicy("fate.arc", shape, quotas, Step.FATE);
  }

  // -- events

  @Override
  void demandedAnew(int layer) {
    trim(layer);
    newcomers[layer] = 0;
    int first = layer * table.perLayer();
    Arrays.fill(newcomer, first, first + table.perLayer(), false);
  }

  @Override
  void hit(int expert) {
    if (unused[expert]) {
      unused[expert] = false;
      adapt(expert);
      use(expert);
    } else {
      put(T2, expert);
    }
  }

  @Override
  void missed(int expert) {
    remembered[expert] = ghostList(expert);
    adapt(expert);
    use(expert);
    if (lists.listOf(expert) % LISTS == T1) {
      newcomer[expert] = true;
      newcomers[table.layerOf(expert)]++;
    }
  }

  @Override
  void abandoned(int expert) {
    lists.remove(expert);
  }

  @Override
  void inserted(int expert, boolean byDemand) {
    if (!byDemand) {
      remembered[expert] = ghostList(expert);
      unused[expert] = true;
      put(T1, expert);
    }
  }

  /** In which list of evicted experts an expert is; 0 if in none. */
  private byte ghostList(int expert) {
    int list = lists.listOf(expert);
    return (byte) (list == NONE ? 0 : list % LISTS);
  }

  /** Used for the first time since it came: again if it was remembered. */
  private void use(int expert) {
    put(remembered[expert] == 0 ? T1 : T2, expert);
    remembered[expert] = 0;
  }

  /** Moves the share of T1 if an expert that is demanded was remembered. */
  private void adapt(int expert) {
    int layer = table.layerOf(expert);
    if (remembered[expert] == B1) {
      shares[layer] = Math.min(quota(layer), shares[layer] + step(layer, T1, B1, B2));
    } else if (remembered[expert] == B2) {
      shares[layer] = Math.max(0, shares[layer] - step(layer, T2, B2, B1));
    }
  }

  private double step(int layer, int kept, int ghosts, int otherGhosts) {
    return switch (step) {
      case FATE -> Math.min(size(layer, kept), quota(layer));
      case TEXTBOOK ->
          Math.max(1, (double) size(layer, otherGhosts) / Math.max(1, size(layer, ghosts)));
    };
  }

  @Override
  void evicted(int expert) {
    int layer = table.layerOf(expert);
    if (!unused[expert]) {
      put(lists.listOf(expert) % LISTS == T1 ? B1 : B2, expert);
    } else if (remembered[expert] != 0) {
      put(remembered[expert], expert);
    } else {
      lists.remove(expert);
    }
    unused[expert] = false;
    remembered[expert] = 0;
    if (newcomer[expert]) {
      newcomer[expert] = false;
      newcomers[layer]--;
    }
    trim(layer);
  }

  /** Forgets what was evicted longest ago, once the newcomers' slots have been found. */
  private void trim(int layer) {
    while (size(layer, B1) > 0 && size(layer, T1) + size(layer, B1) > quota(layer)) {
      lists.remove(lists.first(list(layer, B1)));
    }
    while (size(layer, B2) > 0 && total(layer) > 2 * quota(layer)) {
      lists.remove(lists.first(list(layer, B2)));
    }
  }

  private int total(int layer) {
    return size(layer, T1) + size(layer, T2) + size(layer, B1) + size(layer, B2);
  }

  // -- the choice

  @Override
  int pick(int layer, Collection<ExpertId> candidates) {
    boolean once = size(layer, T1) - newcomers[layer] > shares[layer];
    int victim = firstCandidate(lists, list(layer, once ? T1 : T2), candidates);
    return victim != NONE ? victim : firstCandidate(lists, list(layer, once ? T2 : T1), candidates);
  }

  // -- lists

  private static int list(int layer, int kind) {
    return layer * LISTS + kind;
  }

  private int size(int layer, int kind) {
    return lists.size(list(layer, kind));
  }

  private void put(int kind, int expert) {
    lists.append(list(table.layerOf(expert), kind), expert);
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    lists.write(out);
    SnapshotFormat.writeAll(out, shares);
    SnapshotFormat.writeAll(out, remembered);
    SnapshotFormat.writeAll(out, unused);
    SnapshotFormat.writeAll(out, newcomer);
    SnapshotFormat.writeAll(out, newcomers);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    lists.read(in);
    SnapshotFormat.readAll(in, shares);
    SnapshotFormat.readAll(in, remembered);
    SnapshotFormat.readAll(in, unused);
    SnapshotFormat.readAll(in, newcomer);
    SnapshotFormat.readAll(in, newcomers);
  }
}
