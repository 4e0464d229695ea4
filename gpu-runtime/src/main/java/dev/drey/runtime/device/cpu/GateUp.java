package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.ExpertBias;
import org.jspecify.annotations.Nullable;

/** The gate and up projection of a feed-forward network, with the activation function. */
interface GateUp {
  /**
   * One block of outputs for one tile of rows, by one worker.
   *
   * @param block which
   * @param tile index of the tile's size
   * @param rows how many of its rows count
   * @param inputAt address of the rows
   * @param gateAt address of the whole gate projection
   * @param upAt address of the whole up projection
   * @param bias biases of the network
   * @param between receives the block's part of each row
   */
  void run(
      int workerIndex,
      int block,
      int tile,
      int rows,
      long inputAt,
      long gateAt,
      long upAt,
      @Nullable ExpertBias bias,
      Tile between);
}
