package dev.drey.runtime.cache;

import static dev.drey.runtime.cache.ExpertTable.NONE;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * For bulk groups, which touch nearly every expert in every pass, layer after layer: a circle that
 * is longer than the window. Whatever was used longest ago is needed soonest there, so that recency
 * has no hits; keeping any fixed set has as many as the set is large.
 *
 * <p>While a pass demands more experts than there are slots, each layer pins an equal share of the
 * window, so that every layer has equally much to load: the experts demanded most often, with an
 * advantage for those pinned already. The rest streams through the slots left: a few, through which
 * one expert arrives while another computes, or more of them while something is fetched ahead, so
 * that the link is busy before the router asks: as many as three layers demand, 16 or half of the
 * window at most, but all of a window too small for two layers. While a pass fits into the window
 * nothing is pinned.
 *
 * <p><b>An example.</b> Four layers of 8 experts, a window of 16 slots, groups that demand 7
 * experts of each layer: a pass demands 28, more than 16. Least recently used never hits, because
 * 21 others come between two turns of a layer. Loading on demand, 4 slots are left for what passes,
 * each layer pins 3 experts, and a pass loads about 16 instead of 28. While predictions come, 8
 * slots are left (three layers' 21, but at most 16 and half of the window), each layer pins 2, and
 * a pass loads about 20, ahead of the routers.
 *
 * <p>Of what is not pinned that leaves which is expected to be used last: an expert demanded in a
 * share p of the passes is expected in (layers ahead) + L · (1/p − 1) layers. For p = 1 this is
 * Belady's choice on a cyclic scan.
 *
 * <p>Ours; that a fixed set beats every recency order on a scan is in Smaragdakis et al., "EELRU"
 * (1999), and in the pinned layers of Fate and KTransformers.
 */
public final class CyclicScanPolicy extends PinnedPolicy {
  /** Demands of a layer from one choice of its pinned experts to the next. */
  private static final int PERIOD = 8;

  /** Weight of the newest demand in the share of passes, once enough have been seen. */
  private static final double NEWEST = 1.0 / 32;

  /** How much more often an expert must be demanded than a pinned one to take its place. */
  private static final double ADVANTAGE = 0.05;

  /** Above every share of passes. */
  private static final double PINNED = 2;

  /** Below every score of what is not pinned. */
  private static final double LEAST_SHARE = 1e-9;

  /** One expert computes, one arrives. */
  private static final int LEAST_PASSING = 2;

  /** Slots left for what passes, at most, while everything is loaded on demand. */
  private static final int PASSING_ALONE = 4;

  /** The same while predictions come. */
  private static final int PASSING_AHEAD = 16;

  /** Layers whose demand passes at a time then: one computes, one arrives, one was mistaken. */
  private static final int LAYERS_AHEAD = 3;

  private static final long NEVER = -2;

  private final int[] demandsOf;
  private final double[] shares;
  private final double[] sizes;
  private long predictedAt = NEVER;

  CyclicScanPolicy(CacheShape shape) {
    super("cyclic.scan", shape);
    demandsOf = new int[table.layers()];
    shares = new double[table.size()];
    sizes = new double[table.layers()];
  }

  /**
   * Slots left for what passes while predictions come: all of a window in which two layers' demand
   * has no room, the one that computes and the one that arrives.
   *
   * @param slots of the window
   * @param demanded experts that a pass demands of a layer
   */
  public static int passingAhead(int slots, double demanded) {
    if (slots < 2 * demanded) {
      return slots;
    }
    int wanted = (int) Math.ceil(Math.min(PASSING_AHEAD, LAYERS_AHEAD * demanded));
    return Math.min(slots, Math.max(LEAST_PASSING, Math.min(wanted, slots / 2)));
  }

  private static int passingAlone(int slots) {
    return Math.min(slots, Math.max(LEAST_PASSING, Math.min(PASSING_ALONE, slots / 2)));
  }

  @Override
  public void onPrediction(long step, int issuedAtLayer, ExpertId expert, float score) {
    predictedAt = passes();
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    double newest = Math.max(NEWEST, 1.0 / ++demandsOf[layer]);
    for (int expert = first(layer); expert <= last(layer); expert++) {
      shares[expert] -= newest * shares[expert];
    }
    for (int i = 0; i < count; i++) {
      shares[experts[i]] += newest;
    }
    sizes[layer] += newest * (count - sizes[layer]);
    if (demandsOf[layer] % PERIOD == 1) {
      choose(layer);
    }
    changed(layer);
  }

  /** Experts demanded in a mean pass. */
  private double passSize() {
    double sum = 0;
    for (double size : sizes) {
      sum += size;
    }
    return sum;
  }

  private void choose(int layer) {
    boolean scan = passSize() > table.shape().slots();
    int slots = table.shape().slots();
    boolean predicted = predictedAt >= passes() - 1;
    int passing = predicted ? passingAhead(slots, sizes[layer]) : passingAlone(slots);
    int quota = LayerQuotas.even(table.shape(), passing)[layer];
    double[] worth = new double[table.perLayer()];
    for (int expert = first(layer); expert <= last(layer); expert++) {
      worth[expert - first(layer)] = shares[expert] + (isPinned(expert) ? ADVANTAGE : 0);
      pin(expert, false);
    }
    for (int left = scan ? quota : 0; left > 0; left--) {
      int best = NONE;
      for (int i = 0; i < worth.length; i++) {
        if (worth[i] > 0 && (best == NONE || worth[i] > worth[best])) {
          best = i;
        }
      }
      if (best == NONE) {
        return;
      }
      worth[best] = 0;
      pin(first(layer) + best, true);
    }
  }

  @Override
  void refresh(int layer) {
    for (int expert = first(layer); expert <= last(layer); expert++) {
      keys[expert] = shares[expert] + (isPinned(expert) ? PINNED : 0);
    }
  }

  @Override
  double score(int layer, double key) {
    if (key >= PINNED) {
      return key;
    }
    double share = Math.max(key, LEAST_SHARE);
    return -(ahead(layer) + table.layers() * (1 / share - 1));
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    SnapshotFormat.writeAll(out, demandsOf);
    SnapshotFormat.writeAll(out, shares);
    SnapshotFormat.writeAll(out, sizes);
    out.writeLong(predictedAt);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    SnapshotFormat.readAll(in, demandsOf);
    SnapshotFormat.readAll(in, shares);
    SnapshotFormat.readAll(in, sizes);
    predictedAt = in.readLong();
  }
}
