package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.ExpertTable.NONE;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * A cache of its own for every layer, in a window that knows no layers: each layer has a quota, and
 * the layer that must give up an expert is chosen so that quotas are met.
 *
 * <p><b>Which layer gives up.</b> The incoming expert's own if it has what it may keep, counting
 * what the present demand has yet to find slots for; else the one that is farthest above its quota,
 * of several the farthest ahead; else the own layer. What other layers keep within their quotas is
 * spared; if one must leave all the same, the layer farthest ahead gives it up.
 */
abstract class QuotaPolicy extends TablePolicy {
  private final int[] quotas;
  private final boolean[] expected;
  private final int[] coming;
  private final boolean[] tried;

  QuotaPolicy(String name, CacheShape shape, int[] quotas) {
    super(name, shape);
    this.quotas = quotas.clone();
    this.expected = new boolean[table.size()];
    this.coming = new int[table.layers()];
    this.tried = new boolean[table.layers()];
  }

  /** Experts a layer may keep. */
  final int quota(int layer) {
    return quotas[layer];
  }

  /** The candidate that a layer gives up; NONE if none of its experts is a candidate. */
  abstract int pick(int layer, Collection<ExpertId> candidates);

  /** A resident expert is demanded. */
  abstract void hit(int expert);

  /** An expert without a slot is demanded; it will get one. */
  abstract void missed(int expert);

  /** An expert that a demand was to find a slot for has none and will not get one. */
  abstract void abandoned(int expert);

  /** A layer is demanded anew; its hits and misses follow. */
  void demandedAnew(int layer) {}

  /** An expert has been given a slot, by demand or by prediction. */
  abstract void inserted(int expert, boolean byDemand);

  @Override
  final void demanded(int layer, int[] experts, int count, int[] tokens) {
    giveUpExpected(layer);
    demandedAnew(layer);
    for (int i = 0; i < count; i++) {
      if (isResident(experts[i])) {
        hit(experts[i]);
      } else {
        missed(experts[i]);
        expected[experts[i]] = true;
        coming[layer]++;
      }
    }
  }

  /** What the layer's demand before had found no slot for when it ended has been given up. */
  private void giveUpExpected(int layer) {
    int first = layer * table.perLayer();
    for (int expert = first; coming[layer] > 0; expert++) {
      if (expected[expert]) {
        expected[expert] = false;
        coming[layer]--;
        abandoned(expert);
      }
    }
  }

  @Override
  final void inserted(int expert) {
    boolean byDemand = expected[expert];
    if (byDemand) {
      expected[expert] = false;
      coming[table.layerOf(expert)]--;
    }
    inserted(expert, byDemand);
  }

  // -- the choice

  @Override
  public final @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    int expert = table.number(incoming);
    int own = table.layerOf(expert);
    int wanted = residents(own) + coming[own] + (expected[expert] ? 0 : 1);
    int victim = wanted > quotas[own] ? pick(own, candidates) : NONE;
    if (victim == NONE) {
      victim = ofExcess(candidates);
    }
    if (victim == NONE) {
      victim = pick(own, candidates);
    }
    for (int ahead = table.layers(); must && victim == NONE && ahead > 0; ahead--) {
      victim = pick(layerAhead(ahead), candidates);
    }
    return idOrNull(victim);
  }

  private int ofExcess(Collection<ExpertId> candidates) {
    Arrays.fill(tried, false);
    while (true) {
      int most = NONE;
      for (int ahead = table.layers(); ahead > 0; ahead--) {
        int layer = layerAhead(ahead);
        if (!tried[layer] && excess(layer) > 0 && (most == NONE || excess(layer) > excess(most))) {
          most = layer;
        }
      }
      if (most == NONE) {
        return NONE;
      }
      tried[most] = true;
      int victim = pick(most, candidates);
      if (victim != NONE) {
        return victim;
      }
    }
  }

  private int excess(int layer) {
    return residents(layer) - quotas[layer];
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, expected);
    SnapshotFormat.writeAll(out, coming);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, expected);
    SnapshotFormat.readAll(in, coming);
  }
}
