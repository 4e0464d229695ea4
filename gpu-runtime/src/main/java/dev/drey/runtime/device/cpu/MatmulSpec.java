package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;

/**
 * One product {@code out[rows, outputs] = source[rows, inputs] · weight[inputs, outputs]}, as
 * oneDNN compiles it.
 *
 * @param batch number of independent products in one call, each part behind the other; 0 for a
 *     single one
 * @param packedBatch number of products whose weights were packed together, at least {@code batch}
 * @param outStride numbers from one output row to the next
 */
record MatmulSpec(
    int batch,
    int packedBatch,
    int rows,
    int inputs,
    int outputs,
    int outStride,
    DType source,
    DType weight,
    DType out,
    Post post) {

  /** What happens to the product before it is stored. */
  enum Post {
    /** Nothing. */
    NONE,
    /** It is added to what the output holds. */
    ADD,
    /** {@code silu(product) * multiplier}, with a float32 multiplier in rows as far apart. */
    SILU_MULTIPLY
  }

  /**
   * What decides how weights are stored: products that agree in this share the packed form. Single
   * float32 matrices stay row-major {@code [outputs, inputs]}.
   */
  record Weights(int batch, int packedBatch, int inputs, int outputs, DType source, DType type) {
    /** Whether the format is given and not the library's choice. */
    boolean plain() {
      return batch == 0 && type == DType.F32;
    }

    /** The product itself, for the smallest row tile. */
    MatmulSpec product() {
      return new MatmulSpec(
          batch,
          packedBatch,
          RowTiles.SIZES[0],
          inputs,
          outputs,
          outputs,
          source,
          type,
          DType.F32,
          Post.NONE);
    }
  }

  /** A single product with a float32 result, for the smallest row tile. */
  static MatmulSpec single(int inputs, int outputs, DType source, DType weight) {
    return new Weights(0, 0, inputs, outputs, source, weight).product();
  }

  /** As {@link #single}, {@code batch} of {@code packedBatch} times. */
  static MatmulSpec batched(
      int batch, int packedBatch, int inputs, int outputs, DType weight, Post post) {
    return new MatmulSpec(
        batch,
        packedBatch,
        RowTiles.SIZES[0],
        inputs,
        outputs,
        outputs,
        DType.F32,
        weight,
        DType.F32,
        post);
  }

  MatmulSpec withRows(int newRows) {
    return new MatmulSpec(
        batch, packedBatch, newRows, inputs, outputs, outStride, source, weight, out, post);
  }

  MatmulSpec withBatch(int newBatch) {
    return new MatmulSpec(
        newBatch, packedBatch, rows, inputs, outputs, outStride, source, weight, out, post);
  }

  /** The same product with its output rows further apart. */
  MatmulSpec withOutStride(int newOutStride) {
    return new MatmulSpec(
        batch, packedBatch, rows, inputs, outputs, newOutStride, source, weight, out, post);
  }

  /** The same product followed by {@code silu(product) * multiplier}. */
  MatmulSpec thenSiluMultiply(DType newOut) {
    return new MatmulSpec(
        batch,
        packedBatch,
        rows,
        inputs,
        outputs,
        outStride,
        source,
        weight,
        newOut,
        Post.SILU_MULTIPLY);
  }

  Weights weights() {
    return new Weights(batch, packedBatch, inputs, outputs, source, weight);
  }

  /** Number of products in a call. */
  int products() {
    return Math.max(1, batch);
  }

  @Override
  public String toString() {
    return "%s:%s:%s product of %s%d rows, K=%d, N=%d%s"
        .formatted(
            source,
            weight,
            out,
            batch == 0 ? "" : batch + " times ",
            rows,
            inputs,
            outputs,
            post == Post.NONE ? "" : " with " + post);
  }
}
