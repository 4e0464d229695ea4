package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;

/** Compares a product of the smallest row tile with its definition, in double. */
final class ValueCheck {
  private static final double TOLERANCE = 1e-4;

  private final MatmulSpec spec;
  private final int[][] offsets;
  private final ByteBuffer source;
  private final ByteBuffer weights;
  private final ByteBuffer before;
  private final ByteBuffer multiplier;
  private final ByteBuffer out;

  private ValueCheck(MatmulSpec spec, int[][] offsets, long[] parts, long[] sizes) {
    this.spec = spec;
    this.offsets = offsets;
    this.source = TrialMemory.view(parts[0], sizes[0]);
    this.weights = TrialMemory.view(parts[1], sizes[1]);
    this.before = TrialMemory.view(parts[2], sizes[2]);
    this.multiplier = TrialMemory.view(parts[3], sizes[3]);
    this.out = TrialMemory.view(parts[4], sizes[4]);
  }

  /** Whether the product gives the right numbers with weights in this format. */
  static boolean isRight(OneDnn library, MatmulSpec spec, WeightFormat format) {
    return isRight(library, spec, format, offsets(spec, format));
  }

  /**
   * As {@link #isRight(OneDnn, MatmulSpec, WeightFormat)}.
   *
   * @param offsets where weights are taken to lie, by product, input and output
   */
  static boolean isRight(OneDnn library, MatmulSpec spec, WeightFormat format, int[][] offsets) {
    matmul.primitive_desc description = library.describe(spec, format.descriptor());
    if (description == null) {
      return false;
    }
    long scratchpadBytes;
    try (memory.desc scratchpad = description.scratchpad_desc()) {
      scratchpadBytes = scratchpad.get_size();
    }
    long rows = (long) spec.rows() * spec.products();
    long[] sizes = {
      rows * spec.inputs() * spec.source().bytes(),
      format.bytes(),
      rows * spec.outStride() * spec.out().bytes(),
      rows * spec.outStride() * Float.BYTES,
      rows * spec.outStride() * spec.out().bytes()
    };
    try (TrialMemory memory =
            new TrialMemory(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], scratchpadBytes);
        MatmulKernel kernel = new MatmulKernel(spec, description);
        stream queue = new stream(library.engine());
        MatmulCall call =
            new MatmulCall(kernel, library.engine(), queue, memory.take(scratchpadBytes))) {
      long[] parts = {
        memory.random(sizes[0], spec.source(), 11),
        memory.random(sizes[1], spec.weight(), 12),
        memory.random(sizes[2], spec.out(), 13),
        memory.random(sizes[3], DType.F32, 14),
        memory.take(sizes[4])
      };
      TrialMemory.copy(parts[2], parts[4], sizes[4]);
      if (spec.post() == MatmulSpec.Post.SILU_MULTIPLY) {
        call.run(parts[0], parts[1], parts[4], parts[3]);
      } else {
        call.run(parts[0], parts[1], parts[4]);
      }
      return new ValueCheck(spec, offsets, parts, sizes).isRight();
    }
  }

  /** Offsets of the weights by product, input and output. */
  static int[][] offsets(MatmulSpec spec, WeightFormat format) {
    return spec.batch() == 0
        ? new int[][] {{0}, format.offsets(0), format.offsets(1)}
        : new int[][] {format.offsets(0), format.offsets(1), format.offsets(2)};
  }

  private boolean isRight() {
    for (int product = 0; product < spec.products(); product++) {
      for (int output = 0; output < spec.outputs(); output++) {
        int row = (product + output) % spec.rows();
        if (!isRight(product, row, output)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean isRight(int product, int row, int output) {
    int sourceRow = (product * spec.rows() + row) * spec.inputs();
    int at = (product * spec.rows() + row) * spec.outStride() + output;
    double sum = 0;
    double magnitude = 0;
    for (int i = 0; i < spec.inputs(); i++) {
      int weight = offsets[0][product] + offsets[1][i] + offsets[2][output];
      double term = get(source, spec.source(), sourceRow + i) * get(weights, spec.weight(), weight);
      sum += term;
      magnitude += Math.abs(term);
    }
    double expected = sum;
    double scale = 1;
    if (spec.post() == MatmulSpec.Post.ADD) {
      expected += get(before, spec.out(), at);
    } else if (spec.post() == MatmulSpec.Post.SILU_MULTIPLY) {
      scale = get(multiplier, DType.F32, at);
      expected *= scale / (1 + Math.exp(-sum));
    }
    double rounding = spec.out() == DType.BF16 ? Math.abs(expected) / 128 : 0;
    double tolerance = TOLERANCE * (1 + magnitude) * Math.max(1, Math.abs(scale)) + rounding;
    return Math.abs(get(out, spec.out(), at) - expected) <= tolerance;
  }

  private static double get(ByteBuffer buffer, DType type, int index) {
    return type == DType.F32
        ? buffer.getFloat(index * Float.BYTES)
        : BFloat16.fromBits(buffer.getShort(index * Short.BYTES));
  }
}
