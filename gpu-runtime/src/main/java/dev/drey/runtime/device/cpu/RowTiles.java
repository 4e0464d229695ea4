package dev.drey.runtime.device.cpu;

/**
 * The fixed numbers of rows products are computed for. Any number of rows is covered by such tiles,
 * the last one padded; since a row's bits are the same in every tile (verified at start-up), how
 * rows are cut is a matter of speed only.
 *
 * <p>A tile costs its rows, padding included, and one pass over the weights. The pass was measured
 * to cost about as much as {@value #PASS_ROWS} rows (bfloat16 experts of 1024 x 512 on two threads,
 * weights from memory: 75 us and 19 us per row). Rows are cut so that the sum is smallest.
 *
 * <p>Sizes are close where few rows per expert are usual. Six rows are as many as the kernels keep
 * sums of in registers at a time: they cost 171 us, four rows 161, eight rows 238.
 */
final class RowTiles {
  static final int[] SIZES = {4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 32, 48, 64, 96, 128};
  static final int LARGEST = 128;

  private static final int PASS_ROWS = 4;

  /** By the largest tile allowed and the rows left: the tile to take next. */
  private static final byte[][] NEXT = new byte[SIZES.length][];

  static {
    for (int largest = 0; largest < SIZES.length; largest++) {
      NEXT[largest] = cheapestFirst(largest);
    }
  }

  private RowTiles() {}

  /** Index of the smallest tile that holds {@code rows}, or of the largest one. */
  static int covering(int rows) {
    int tile = 0;
    while (tile < SIZES.length - 1 && SIZES[tile] < rows) {
      tile++;
    }
    return tile;
  }

  /**
   * Index of the tile to take next when {@code rows} are left.
   *
   * @param largest index of the largest tile that may be taken
   */
  static int next(int rows, int largest) {
    return rows >= SIZES[largest] ? largest : NEXT[largest][rows];
  }

  /** The first tile of the cheapest cut of every number of rows; of equals the larger tile. */
  private static byte[] cheapestFirst(int largest) {
    byte[] first = new byte[SIZES[largest]];
    int[] cost = new int[SIZES[largest]];
    for (int rows = 1; rows < first.length; rows++) {
      cost[rows] = Integer.MAX_VALUE;
      for (int tile = largest; tile >= 0; tile--) {
        int left = Math.max(0, rows - SIZES[tile]);
        int whole = SIZES[tile] + PASS_ROWS + cost[left];
        if (whole < cost[rows]) {
          cost[rows] = whole;
          first[rows] = (byte) tile;
        }
      }
    }
    return first;
  }
}
