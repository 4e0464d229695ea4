package dev.drey.runtime.simulate;

import java.util.Arrays;

/** A growing array of numbers. */
final class FloatList {
  private float[] values = new float[1024];
  private int size;

  void add(float value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.toIntExact(size * 3L / 2));
    }
    values[size++] = value;
  }

  float[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
