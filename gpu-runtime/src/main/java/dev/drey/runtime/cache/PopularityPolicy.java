package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Keeps the experts that got most tokens, over all layers together, and lets the others pass
 * through the slots left, the longest unused leaving first. The set is chosen anew every {@link
 * #PERIOD} passes, after which the counts are halved; before the first choice nothing is pinned.
 *
 * <p>The frequency placement of KTransformers with its update from observed routing, and the static
 * experts of other systems. There the counts come from a recorded run; here from the run itself, so
 * that nothing has to be recorded and another domain is followed.
 */
final class PopularityPolicy extends PinnedPolicy {
  /** Passes from one choice to the next. */
  static final int PERIOD = 64;

  /** Above every time, below it no precision of time is lost. */
  private static final double PINNED = 0x1p52;

  private final double[] tokensOf;
  private final double[] lastUses;
  private long chosenAt;
  private double time;

  PopularityPolicy(CacheShape shape) {
    super("static.popularity", shape);
    tokensOf = new double[table.size()];
    lastUses = new double[table.size()];
  }

  @Override
  void demanded(int layer, int[] experts, int count, int[] tokens) {
    if (passes() > chosenAt + PERIOD) {
      chosenAt = passes() - 1;
      choose();
    }
    time++;
    for (int i = 0; i < count; i++) {
      tokensOf[experts[i]] += tokens[i];
      lastUses[experts[i]] = time;
    }
    changed(layer);
  }

  @Override
  void inserted(int expert) {
    lastUses[expert] = time;
    changed(table.layerOf(expert));
  }

  /** Pins the most popular; of equal ones the lower number. */
  private void choose() {
    double[] sorted = tokensOf.clone();
    Arrays.sort(sorted);
    int most = Math.min(mostPinned(), table.size());
    double least = most == 0 ? Double.POSITIVE_INFINITY : sorted[table.size() - most];
    int above = table.size() - firstAbove(sorted, least);
    int ofLeast = most - above;
    for (int expert = 0; expert < table.size(); expert++) {
      boolean equal = tokensOf[expert] == least && tokensOf[expert] > 0 && ofLeast-- > 0;
      pin(expert, tokensOf[expert] > least || equal);
      tokensOf[expert] /= 2;
    }
  }

  private static int firstAbove(double[] sorted, double value) {
    int index = sorted.length;
    while (index > 0 && sorted[index - 1] > value) {
      index--;
    }
    return index;
  }

  @Override
  void refresh(int layer) {
    for (int expert = first(layer); expert <= last(layer); expert++) {
      keys[expert] = lastUses[expert] + (isPinned(expert) ? PINNED : 0);
    }
  }

  @Override
  double score(int layer, double key) {
    return key;
  }

  @Override
  void write(DataOutputStream out) throws IOException {
    super.write(out);
    SnapshotFormat.writeAll(out, tokensOf);
    SnapshotFormat.writeAll(out, lastUses);
    out.writeLong(chosenAt);
    out.writeDouble(time);
  }

  @Override
  void read(DataInputStream in) throws IOException {
    super.read(in);
    SnapshotFormat.readAll(in, tokensOf);
    SnapshotFormat.readAll(in, lastUses);
    chosenAt = in.readLong();
    time = in.readDouble();
  }
}
