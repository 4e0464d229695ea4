package dev.drey.runtime.device.cpu;

/**
 * The fixed numbers of rows products are computed for. Any number of rows is covered by such tiles,
 * the last one padded; since a row's bits are the same in every tile (verified at start-up), how
 * rows are cut is a matter of speed only.
 */
final class RowTiles {
  static final int[] SIZES = {4, 8, 16, 32, 64, 128};
  static final int LARGEST = 128;

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
   * Index of the tile to take next when {@code rows} are left: padded if at least five eighths of
   * it are used, or if it is so small that loading the weights costs more than computing.
   */
  static int next(int rows, int largest) {
    int tile = Math.min(covering(rows), largest);
    boolean worthPadding = SIZES[tile] <= 16 || rows * 8 >= SIZES[tile] * 5;
    return worthPadding ? tile : tile - 1;
  }
}
