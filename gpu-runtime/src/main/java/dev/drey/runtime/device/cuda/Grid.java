package dev.drey.runtime.device.cuda;

/**
 * How a kernel is spread: blocks in three dimensions, threads of a block in two.
 *
 * @param sharedBytes dynamic shared memory of a block
 */
record Grid(int x, int y, int z, int threadsX, int threadsY, int sharedBytes) {
  /** Blocks in two dimensions. */
  static Grid of(int x, int y, int threads) {
    return new Grid(x, y, 1, threads, 1, 0);
  }
}
