package dev.drey.runtime.simulate;

import java.util.Arrays;

/** A growing array of numbers. */
final class LongList {
  private long[] values = new long[1024];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.toIntExact(size * 3L / 2));
    }
    values[size++] = value;
  }

  void plus(int index, long more) {
    values[index] += more;
  }

  int size() {
    return size;
  }

  long[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
