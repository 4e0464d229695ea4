package dev.drey.runtime.device.cpu;

import java.util.Arrays;

/** Rows cut into tiles, reused from call to call. Only the last tile can be padded. */
final class TileList {
  private int[] first = new int[16];
  private int[] tile = new int[16];
  private int[] rows = new int[16];
  private int[] order = new int[16];
  private int count;

  /** Cuts rows {@code 0} to {@code total - 1}. */
  void cut(int total, int largest) {
    count = 0;
    for (int from = 0; from < total; from += rows[count - 1]) {
      int next = RowTiles.next(total - from, largest);
      add(from, next, Math.min(RowTiles.SIZES[next], total - from));
    }
  }

  void clear() {
    count = 0;
  }

  void add(int from, int tileIndex, int tileRows) {
    if (count == first.length) {
      first = Arrays.copyOf(first, 2 * count);
      tile = Arrays.copyOf(tile, 2 * count);
      rows = Arrays.copyOf(rows, 2 * count);
    }
    first[count] = from;
    tile[count] = tileIndex;
    rows[count] = tileRows;
    count++;
  }

  int count() {
    return count;
  }

  /**
   * The tiles, largest first, so that those who share the work finish together; of equals those
   * added first. Valid until tiles are added or this is asked again.
   */
  int[] largestFirst() {
    if (order.length < count) {
      order = new int[first.length];
    }
    int next = 0;
    for (int size = RowTiles.SIZES.length - 1; size >= 0; size--) {
      for (int index = 0; index < count; index++) {
        if (tile[index] == size) {
          order[next++] = index;
        }
      }
    }
    return order;
  }

  /** First row of a tile. */
  int first(int index) {
    return first[index];
  }

  /** Which of the tile sizes it is. */
  int tile(int index) {
    return tile[index];
  }

  /** How many of its rows count. */
  int rows(int index) {
    return rows[index];
  }

  boolean padded(int index) {
    return rows[index] < RowTiles.SIZES[tile[index]];
  }
}
