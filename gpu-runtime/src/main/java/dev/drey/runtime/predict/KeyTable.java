package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A hash table of fixed size: keys have numbers, and a new key takes the number of the one in its
 * bucket that is used least. Worth counts uses; it fades in a bucket with each key that is lost
 * there, so that old keys make room. Every operation looks at one bucket.
 */
final class KeyTable {
  /** The number of a key that has none. */
  static final int NONE = -1;

  private static final int BUCKET = 8;
  private static final float FADING = 0.9f;

  private final int buckets;
  private final long[] keys; // plus 1; 0 where there is none
  private final float[] worth;

  /**
   * @param capacity keys it has room for, rounded up to whole buckets
   */
  KeyTable(int capacity) {
    buckets = (capacity + BUCKET - 1) / BUCKET;
    keys = new long[buckets * BUCKET];
    worth = new float[keys.length];
  }

  /** Numbers there are. */
  int capacity() {
    return keys.length;
  }

  private int bucket(long key) {
    long scattered = (key + 1) * 0x9E3779B97F4A7C15L;
    return (int) Long.remainderUnsigned(scattered ^ (scattered >>> 32), buckets) * BUCKET;
  }

  /** Number of a key, not negative, or NONE. */
  int find(long key) {
    int from = bucket(key);
    for (int i = from; i < from + BUCKET; i++) {
      if (keys[i] == key + 1) {
        return i;
      }
    }
    return NONE;
  }

  /** Whether a key has this number now. */
  boolean holds(int number, long key) {
    return keys[number] == key + 1;
  }

  /** Counts a use of a key that has a number. */
  void use(int number) {
    worth[number]++;
  }

  /** Gives a key that has none a number, which another may lose by it. */
  int add(long key) {
    int from = bucket(key);
    int least = from;
    for (int i = from; i < from + BUCKET; i++) {
      least = worth[i] < worth[least] ? i : least;
    }
    if (keys[least] != 0) {
      for (int i = from; i < from + BUCKET; i++) {
        worth[i] *= FADING;
      }
    }
    keys[least] = key + 1;
    worth[least] = 1;
    return least;
  }

  void write(DataOutputStream out) throws IOException {
    SnapshotFormat.writeAll(out, keys);
    SnapshotFormat.writeAll(out, worth);
  }

  void read(DataInputStream in) throws IOException {
    SnapshotFormat.readAll(in, keys);
    SnapshotFormat.readAll(in, worth);
  }
}
