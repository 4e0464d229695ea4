package dev.drey.runtime.device;

import dev.drey.runtime.model.MatrixShape;

/**
 * How a device stores one weight matrix: blocks of whole output rows, each packed on its own at
 * {@code block * blockStride}. A block is the unit of transfer (so that a demand load can overtake
 * a prefetch between two blocks) and of work splitting (so that the split depends on the shape
 * only).
 *
 * @param shape the matrix
 * @param blockOutputs output rows of every block but the last, which may have fewer
 * @param blockStride bytes from one block to the next, a multiple of 64
 */
public record MatrixLayout(MatrixShape shape, int blockOutputs, long blockStride) {
  /** Number of blocks. */
  public int blocks() {
    return (shape.outputs() + blockOutputs - 1) / blockOutputs;
  }

  /** Output rows of a block. */
  public int outputsOf(int block) {
    return Math.min(blockOutputs, shape.outputs() - block * blockOutputs);
  }

  /** Shape of a block on its own. */
  public MatrixShape shapeOf(int block) {
    return new MatrixShape(outputsOf(block), shape.inputs());
  }

  /** Bytes of the whole matrix. */
  public long bytes() {
    return blocks() * blockStride;
  }
}
