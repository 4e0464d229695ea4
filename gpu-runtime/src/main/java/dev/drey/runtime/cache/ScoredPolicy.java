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
 * <p><b>Cost.</b> A victim costs one comparison per layer, and a walk through the layer that gave
 * up its lowest, whose keys changed, or whose lowest is no candidate though its score would win.
 * Scores of layers are kept from one demand to the next.
 */
abstract class ScoredPolicy extends TablePolicy {
  private static final int UNKNOWN = -2;

  /** Keys by number, of all experts; higher keeps. {@link #changed} must follow a change. */
  final double[] keys;

  private final int[] lowestOfLayer;
  private final double[] lowestScores; // of lowestOfLayer; NaN if unknown
  private long scoredAt;

  ScoredPolicy(String name, CacheShape shape) {
    super(name, shape);
    keys = new double[table.size()];
    lowestOfLayer = new int[table.layers()];
    Arrays.fill(lowestOfLayer, UNKNOWN);
    lowestScores = new double[table.layers()];
  }

  /** Tells that keys of a layer may be others than before. */
  final void changed(int layer) {
    lowestBecomes(layer, UNKNOWN);
  }

  private void lowestBecomes(int layer, int expert) {
    lowestOfLayer[layer] = expert;
    lowestScores[layer] = Double.NaN;
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
    int layer = table.layerOf(expert);
    int lowest = lowestOfLayer[layer];
    if (lowest != UNKNOWN && lower(expert, lowest) == expert) {
      lowestBecomes(layer, expert);
    }
  }

  @Override
  void evicted(int expert) {
    int layer = table.layerOf(expert);
    if (lowestOfLayer[layer] == expert) {
      changed(layer);
    }
  }

  // -- the choice

  @Override
  public final @Nullable ExpertId victim(
      ExpertId incoming, Collection<ExpertId> candidates, boolean must) {
    if (scoredAt != demands()) {
      scoredAt = demands();
      Arrays.fill(lowestScores, Double.NaN);
    }
    int passing = candidates.contains(incoming) ? table.number(incoming) : NONE;
    int victim = NONE;
    double victimScore = Double.POSITIVE_INFINITY;
    for (int ahead = table.layers(); ahead > 0; ahead--) {
      int layer = layerAhead(ahead);
      int lowest = lowest(layer);
      double score = lowestScore(layer, lowest);
      if (lowest != NONE && (victim == NONE || score < victimScore)) {
        if (!candidates.contains(table.id(lowest))) {
          lowest = lowestOf(layer, candidates);
          score = lowest == NONE ? Double.POSITIVE_INFINITY : score(layer, keys[lowest]);
        }
        if (lowest != NONE && (victim == NONE || score < victimScore)) {
          victim = lowest;
          victimScore = score;
        }
      }
      if (passing != NONE && layer == table.layerOf(passing)) {
        double passingScore = score(layer, keys[passing]);
        boolean inLayer = victim != NONE && table.layerOf(victim) == layer;
        if (victim == NONE
            || passingScore < victimScore
            || (inLayer && lower(passing, victim) == passing)) {
          victim = passing;
          victimScore = passingScore;
        }
      }
    }
    return victim == NONE || (!must && spares(victim)) ? null : table.id(victim);
  }

  private double lowestScore(int layer, int lowest) {
    if (lowest != NONE && Double.isNaN(lowestScores[layer])) {
      lowestScores[layer] = score(layer, keys[lowest]);
    }
    return lowestScores[layer];
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
      lowestBecomes(layer, found);
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
    Arrays.fill(lowestScores, Double.NaN);
  }
}
