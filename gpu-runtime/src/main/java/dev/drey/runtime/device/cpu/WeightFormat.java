package dev.drey.runtime.device.cpu;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * How the weights of a product lie in memory. One format serves all row tiles: the library's own
 * choice for one tile, forced on the others. Where a tile refuses it, or where it gives wrong
 * numbers (oneDNN 3.11 does for float32 activations, packed bfloat16 weights and more than 512
 * inputs), the weights stay row-major, {@code [inputs, outputs]} or else {@code [outputs, inputs]}.
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
    if (weights.plain()) {
      return new WeightFormat(descriptor(weights, memory.format_tag.ba));
    }
    for (memory.format_tag tag : candidates(weights)) {
      memory.desc descriptor = forAllTiles(library, weights, tag);
      if (descriptor != null) {
        WeightFormat format = new WeightFormat(descriptor);
        if (ValueCheck.isRight(library, weights.product(), format)) {
          return format;
        }
        format.close();
      }
    }
    throw new IllegalStateException(
        "oneDNN %s has no fast and right %s on this machine (instruction set %s)"
            .formatted(OneDnn.version(), weights.product(), OneDnn.isa()));
  }

  private static memory.format_tag[] candidates(MatmulSpec.Weights weights) {
    return weights.batch() == 0
        ? new memory.format_tag[] {
          memory.format_tag.any, memory.format_tag.ab, memory.format_tag.ba
        }
        : new memory.format_tag[] {memory.format_tag.any, memory.format_tag.abc};
  }

  /** The format for a tag, or null if the library cannot use it for all tiles. */
  private static memory.@Nullable desc forAllTiles(
      OneDnn library, MatmulSpec.Weights weights, memory.format_tag tag) {
    memory.desc format;
    try (memory.desc wanted = descriptor(weights, tag);
        matmul.primitive_desc asked =
            library.describe(weights.product().withRows(ASKED_ROWS), wanted)) {
      if (asked == null) {
        return null;
      }
      format = asked.weights_desc();
    }
    for (int rows : RowTiles.SIZES) {
      try (matmul.primitive_desc tile =
          library.describe(weights.product().withRows(rows), format)) {
        if (tile == null) {
          format.close();
          return null;
        }
      }
    }
    return format;
  }

  private static memory.desc descriptor(MatmulSpec.Weights weights, memory.format_tag tag) {
    long[] sizes =
        weights.batch() == 0
            ? new long[] {weights.inputs(), weights.outputs()}
            : new long[] {weights.batch(), weights.inputs(), weights.outputs()};
    return new memory.desc(sizes, OneDnn.dataType(weights.type()), tag);
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

  /**
   * The format in words: the type, the strides in elements and the inner blocks, such as {@code
   * bf16 2048,131072 16a64b2a}.
   */
  String describe() {
    Blocking blocking = blocking();
    StringBuilder text = new StringBuilder("bf16 ");
    text.append(
        Arrays.stream(blocking.strides())
            .mapToObj(Long::toString)
            .collect(Collectors.joining(",")));
    text.append(' ');
    for (int block = 0; block < blocking.sizes().length; block++) {
      text.append(blocking.sizes()[block]).append((char) ('a' + blocking.dimensions()[block]));
    }
    return text.toString();
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
    long[] sizes = new long[descriptor.get_ndims()];
    descriptor.get_dims().get(sizes);
    Blocking blocking = blocking();
    long[] blocks = blocking.sizes();
    int[] offsets = new int[Math.toIntExact(sizes[dimension])];
    for (int index = 0; index < offsets.length; index++) {
      long rest = index;
      long stride = 1;
      long offset = 0;
      for (int block = blocks.length - 1; block >= 0; block--) {
        if (blocking.dimensions()[block] == dimension) {
          offset += rest % blocks[block] * stride;
          rest /= blocks[block];
        }
        stride *= blocks[block];
      }
      offsets[index] = Math.toIntExact(offset + rest * blocking.strides()[dimension]);
    }
    return offsets;
  }

  /** Strides of the dimensions; sizes and dimensions of the inner blocks, outermost first. */
  private record Blocking(long[] strides, long[] sizes, long[] dimensions) {}

  private Blocking blocking() {
    long[] strides = new long[descriptor.get_ndims()];
    descriptor.get_strides().get(strides);
    int inner = descriptor.get_inner_nblks();
    long[] sizes = new long[inner];
    long[] dimensions = new long[inner];
    if (inner > 0) {
      descriptor.get_inner_blks().get(sizes);
      descriptor.get_inner_idxs().get(dimensions);
    }
    return new Blocking(strides, sizes, dimensions);
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
