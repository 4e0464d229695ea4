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
 * Evicts the resident expert of the lowest score.
 *
 * <p><b>Scores.</b> An expert has a key, which changes only when its layer is demanded or
 * predicted. Its score is a function of its layer and its key that may change with every call but
 * never falls when the key rises. So the lowest key of a layer is its lowest score, and a victim is
 * found among as many experts as there are layers.
 *
 * <p><b>Ties.</b> Of equal scores the layer that is farthest ahead leaves first, since it cannot be
 * needed before the others; within a layer the higher index.
 *
 * <p><b>Cost.</b> A victim costs one comparison per layer, and a walk through each layer that
 * changed since the last one, or whose lowest is no candidate.
 */
abstract class ScoredPolicy extends TablePolicy {
  private static final int UNKNOWN = -2;

  /** Keys by number, of all experts; higher keeps. {@link #changed} must follow a change. */
  final double[] keys;

  private final int[] lowestOfLayer;

  ScoredPolicy(String name, CacheShape shape) {
    super(name, shape);
    keys = new double[table.size()];
    lowestOfLayer = new int[table.layers()];
    Arrays.fill(lowestOfLayer, UNKNOWN);
  }

  /** Tells that keys of a layer may be others than before. */
  final void changed(int layer) {
    lowestOfLayer[layer] = UNKNOWN;
  }

  /** Whether the victim is worth more than having another expert soon. */
  boolean spares(int victim) {
    return false;
  }

  /** Brings the keys of a layer up to date; called when they are needed after a change. */
  void refresh(int layer) {}

  /** The score of an expert of this layer with this key. */
  abstract double score(int layer, double key);

  @Override
  void inserted(int expert) {
    changed(table.layerOf(expert));
  }

  @Override
  void evicted(int expert) {
    changed(table.layerOf(expert));
  }

  // -- the choice

  @Override
  public final @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    boolean mayPass = candidates.contains(incoming);
    int passing = mayPass ? table.number(incoming) : NONE;
    int victim = NONE;
    double victimScore = Double.POSITIVE_INFINITY;
    for (int ahead = table.layers(); ahead > 0; ahead--) {
      int layer = layerAhead(ahead);
      int lowest = lowest(layer);
      if (lowest != NONE && !candidates.contains(table.id(lowest))) {
        boolean worse = victim != NONE && score(layer, keys[lowest]) >= victimScore;
        lowest = worse ? NONE : lowestOf(layer, candidates);
      }
      if (mayPass && layer == table.layerOf(passing)) {
        lowest = lower(passing, lowest);
      }
      if (lowest != NONE && (victim == NONE || score(layer, keys[lowest]) < victimScore)) {
        victim = lowest;
        victimScore = score(layer, keys[lowest]);
      }
    }
    return victim == NONE || (!must && spares(victim)) ? null : table.id(victim);
  }

  private int lower(int expert, int other) {
    if (other == NONE || keys[expert] < keys[other]) {
      return expert;
    }
    return keys[expert] > keys[other] ? other : Math.max(expert, other);
  }

  /** The resident of a layer that has the lowest key; NONE if it has no residents. */
  private int lowest(int layer) {
    if (lowestOfLayer[layer] == UNKNOWN) {
      refresh(layer);
      int found = NONE;
      if (residents(layer) > 0) {
        for (int expert = last(layer); expert >= first(layer); expert--) {
          if (isResident(expert) && (found == NONE || keys[expert] < keys[found])) {
            found = expert;
          }
        }
      }
      lowestOfLayer[layer] = found;
    }
    return lowestOfLayer[layer];
  }

  private int lowestOf(int layer, Collection<ExpertId> candidates) {
    int found = NONE;
    for (int expert = last(layer); expert >= first(layer); expert--) {
      if (isResident(expert)
          && (found == NONE || keys[expert] < keys[found])
          && candidates.contains(table.id(expert))) {
        found = expert;
      }
    }
    return found;
  }

  /** The lowest number of a layer. */
  final int first(int layer) {
    return layer * table.perLayer();
  }

  /** The highest number of a layer. */
  final int last(int layer) {
    return first(layer) + table.perLayer() - 1;
  }

  // -- snapshots

  @Override
  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, keys);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, keys);
    Arrays.fill(lowestOfLayer, UNKNOWN);
  }
}
