package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Short lists of the experts counted most often, one list per number: the space-saving rule
 * (Metwally et al., ICDT 2005), by which a newcomer to a full list takes the place and the count of
 * the least. A list is halved when its sum grows large. Every operation is O(width).
 */
final class ExpertLists {
  private static final int MOST_COUNTED = 4096;

  private final int width;
  private final short[] experts;
  private final short[] counts;

  /**
   * @param lists how many
   * @param width entries of each
   */
  ExpertLists(int lists, int width) {
    this.width = width;
    experts = new short[lists * width];
    counts = new short[lists * width];
  }

  /** Counts an expert. */
  void count(int list, int expert) {
    int from = list * width;
    int least = from;
    int sum = 0;
    for (int i = from; i < from + width; i++) {
      if (counts[i] > 0 && experts[i] == expert) {
        least = i;
        break;
      }
      least = counts[i] < counts[least] ? i : least;
    }
    experts[least] = (short) expert;
    counts[least]++;
    for (int i = from; i < from + width; i++) {
      sum += counts[i];
    }
    if (sum > MOST_COUNTED) {
      for (int i = from; i < from + width; i++) {
        counts[i] = (short) (counts[i] / 2);
      }
    }
  }

  /** Adds each expert's share of a list's counts; nothing for an empty list. */
  void addShares(int list, float[] into) {
    int from = list * width;
    int sum = 0;
    for (int i = from; i < from + width; i++) {
      sum += counts[i];
    }
    for (int i = from; i < from + width && sum > 0; i++) {
      into[experts[i]] += (float) counts[i] / sum;
    }
  }

  /** Empties some lists that stand together. */
  void clear(int list, int lists) {
    Arrays.fill(counts, list * width, (list + lists) * width, (short) 0);
  }

  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, experts);
    SnapshotFormat.writeAll(out, counts);
  }

  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, experts);
    SnapshotFormat.readAll(in, counts);
  }
}
