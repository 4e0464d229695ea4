package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.DType;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * How the weights of a product lie in memory. One format serves all row tiles: it is asked of
 * oneDNN for one tile and forced on the others; where one of them refuses it, weights stay
 * row-major.
 */
final class WeightFormat implements AutoCloseable {
  private static final int ASKED_ROWS = 32;

  private final memory.desc descriptor;
  private final long bytes;

  private WeightFormat(memory.desc descriptor) {
    this.descriptor = descriptor;
    this.bytes = descriptor.get_size();
  }

  static WeightFormat choose(OneDnn library, MatmulSpec.Weights weights) {
    if (weights.batch() < weights.packedBatch()) {
      return library
          .format(
              new MatmulSpec.Weights(
                  weights.packedBatch(),
                  weights.packedBatch(),
                  weights.inputs(),
                  weights.outputs(),
                  weights.source(),
                  weights.type()))
          .ofOneProduct(weights);
    }
    memory.desc packed = weights.plain() ? null : packed(library, weights);
    return new WeightFormat(packed != null ? packed : descriptor(weights, false));
  }

  private static memory.@Nullable desc packed(OneDnn library, MatmulSpec.Weights weights) {
    memory.desc packed;
    try (memory.desc any = descriptor(weights, true);
        matmul.primitive_desc asked = library.describe(product(weights, ASKED_ROWS), any)) {
      if (asked == null) {
        return null;
      }
      packed = asked.weights_desc();
    }
    for (int rows : RowTiles.SIZES) {
      try (matmul.primitive_desc tile = library.describe(product(weights, rows), packed)) {
        if (tile == null) {
          packed.close();
          return null;
        }
      }
    }
    return packed;
  }

  private static MatmulSpec product(MatmulSpec.Weights weights, int rows) {
    return new MatmulSpec(
        weights.batch(),
        weights.packedBatch(),
        rows,
        weights.inputs(),
        weights.outputs(),
        weights.outputs(),
        weights.source(),
        weights.type(),
        DType.F32,
        MatmulSpec.Post.NONE);
  }

  /**
   * Row-major {@code [outputs, inputs]} for a single matrix, {@code [inputs, outputs]} in a batch.
   */
  private static memory.desc descriptor(MatmulSpec.Weights weights, boolean any) {
    memory.data_type type = OneDnn.dataType(weights.type());
    if (weights.batch() == 0) {
      return new memory.desc(
          new long[] {weights.inputs(), weights.outputs()},
          type,
          any ? memory.format_tag.any : memory.format_tag.ba);
    }
    return new memory.desc(
        new long[] {weights.batch(), weights.inputs(), weights.outputs()},
        type,
        any ? memory.format_tag.any : memory.format_tag.abc);
  }

  /** The part of this format that belongs to one product of the batch. */
  private WeightFormat ofOneProduct(MatmulSpec.Weights weights) {
    return new WeightFormat(
        descriptor.submemory_desc(
            new long[] {1, weights.inputs(), weights.outputs()}, new long[] {0, 0, 0}));
  }

  memory.desc descriptor() {
    return descriptor;
  }

  /** Bytes of the packed weights, padding included. */
  long bytes() {
    return bytes;
  }

  /**
   * Where things lie: element {@code (i, j)} of the packed weights is at the sum of the tables'
   * entries {@code i} and {@code j} of their dimensions.
   *
   * @param dimension which
   * @return offset in elements for each index of that dimension
   */
  int[] offsets(int dimension) {
    int dimensions = descriptor.get_ndims();
    long[] sizes = new long[dimensions];
    descriptor.get_dims().get(sizes);
    long[] strides = new long[dimensions];
    descriptor.get_strides().get(strides);
    int inner = descriptor.get_inner_nblks();
    long[] blocks = new long[inner];
    long[] blockDimensions = new long[inner];
    if (inner > 0) {
      descriptor.get_inner_blks().get(blocks);
      descriptor.get_inner_idxs().get(blockDimensions);
    }
    int[] offsets = new int[Math.toIntExact(sizes[dimension])];
    for (int index = 0; index < offsets.length; index++) {
      long rest = index;
      long stride = 1;
      long offset = 0;
      for (int block = inner - 1; block >= 0; block--) {
        if (blockDimensions[block] == dimension) {
          offset += rest % blocks[block] * stride;
          rest /= blocks[block];
        }
        stride *= blocks[block];
      }
      offsets[index] = Math.toIntExact(offset + rest * strides[dimension]);
    }
    return offsets;
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
