package dev.drey.runtime.simulate;

import java.util.Arrays;

/** A growing array of numbers. */
final class ShortList {
  private short[] values = new short[1024];
  private int size;

  void add(short value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.toIntExact(size * 3L / 2));
    }
    values[size++] = value;
  }

  int size() {
    return size;
  }

  short[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
