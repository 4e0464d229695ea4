package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.RotaryTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of rotary tables that the present step needs, on the GPU. Tables of long contexts are
 * large and a step needs a row per token, the same in every layer; so rows are gathered on the host
 * when a list of them is met first and kept until there is no more room.
 */
final class RotaryRows {
  /** A gathered list of rows. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  private record Entry(RotaryTable table, int[] rows, int at) {

    boolean is(RotaryTable other, int[] otherRows, int from, int to) {
      return table == other && Arrays.equals(rows, 0, rows.length, otherRows, from, to);
    }
  }

  private final Tables tables;
  private final long cos;
  private final long sin;
  private final int capacity;
  private final List<Entry> entries = new ArrayList<>();
  private int used;

  /**
   * @param address of memory for {@code 2 * capacity} float32 numbers
   */
  RotaryRows(Tables tables, long address, int capacity) {
    this.tables = tables;
    this.cos = address;
    this.sin = address + (long) capacity * Float.BYTES;
    this.capacity = capacity;
  }

  /** Most rows that {@link #gather} takes of this table. */
  int most(RotaryTable table) {
    return capacity / Math.max(1, table.dims() / 2);
  }

  /** Sees to it that rows are on the GPU, one behind the other; returns the place of the first. */
  int gather(RotaryTable table, int[] rows, int from, int to) {
    for (Entry entry : entries) {
      if (entry.is(table, rows, from, to)) {
        return entry.at;
      }
    }
    int half = table.dims() / 2;
    int count = (to - from) * half;
    if (used + count > capacity) {
      entries.clear();
      used = 0;
    }
    int at = used;
    used += count;
    float[] gathered = new float[count];
    fill(gathered, table.cos(), rows, from, to, half);
    tables.copy(gathered, 0, count, cosAt(at));
    fill(gathered, table.sin(), rows, from, to, half);
    tables.copy(gathered, 0, count, sinAt(at));
    entries.add(new Entry(table, Arrays.copyOfRange(rows, from, to), at));
    return at;
  }

  private static void fill(float[] target, float[] source, int[] rows, int from, int to, int half) {
    for (int row = from; row < to; row++) {
      System.arraycopy(source, rows[row] * half, target, (row - from) * half, half);
    }
  }

  long cosAt(int at) {
    return cos + (long) at * Float.BYTES;
  }

  long sinAt(int at) {
    return sin + (long) at * Float.BYTES;
  }
}
