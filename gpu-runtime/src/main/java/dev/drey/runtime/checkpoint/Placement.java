package dev.drey.runtime.checkpoint;

/**
 * Where a matrix lies among the numbers of a stored tensor, so that fused, transposed and
 * interleaved tensors need no code of their own. Number {@code (row, column)} is at {@code offset +
 * row / group * groupStride + row % group * rowStride + column * columnStride}; all in numbers.
 *
 * @param offset the first number
 * @param group rows per group
 * @param groupStride from one group to the next
 * @param rowStride from one row to the next within a group
 * @param columnStride from one column to the next
 */
record Placement(long offset, int group, long groupStride, long rowStride, long columnStride) {
  /** The matrix as it is, row-major. */
  static Placement rowMajor(int columns) {
    return rowMajor(0, columns);
  }

  /** Row-major from some number on. */
  static Placement rowMajor(long offset, int columns) {
    return new Placement(offset, Integer.MAX_VALUE, 0, columns, 1);
  }

  /** Row-major, but columns are what the tensor has as rows. */
  static Placement transposed(long offset, long rowStride, long columnStride) {
    return new Placement(offset, Integer.MAX_VALUE, 0, rowStride, columnStride);
  }

  /**
   * Groups of rows out of a row-major tensor.
   *
   * @param first stored row of the first group
   * @param group rows per group
   * @param period stored rows from one group to the next
   * @param columns columns of the tensor
   */
  static Placement rowGroups(int first, int group, int period, int columns) {
    return new Placement((long) first * columns, group, (long) period * columns, columns, 1);
  }

  /** Where a row begins. */
  long row(long row) {
    return offset + row / group * groupStride + row % group * rowStride;
  }

  /** How many rows from this one on, itself included, lie one behind the other. */
  long consecutive(long row, int columns) {
    return columnStride == 1 && rowStride == columns ? group - row % group : 1;
  }

  /** How many rows from this one on, itself included, are in its group. */
  long inGroup(long row) {
    return group - row % group;
  }
}
