package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.NormConfig;
import org.jspecify.annotations.Nullable;

/** Operations with one block per row, and those that pick rows. */
final class RowOperations {
  private static final int THREADS = 256;
  private static final int WARP = 32;

  /** Rows up to this width are normalised by one warp. */
  private static final int NARROW = 256;

  private final StreamState state;

  RowOperations(StreamState state) {
    this.state = state;
  }

  void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out) {
    CudaBuffer from = CudaBuffer.of(table);
    long known = from.bytes() / Short.BYTES / hidden;
    for (int row = 0; row < rows; row++) {
      if (ids[row] < 0 || ids[row] >= known) {
        throw new IndexOutOfBoundsException(
            "token id %d; the embedding has %d rows".formatted(ids[row], known));
      }
    }
    long to = CudaBuffer.address(out, (long) rows * hidden * Float.BYTES);
    long wanted = state.tables().put(ids, rows);
    state
        .launch(state.kernel("embed"))
        .address(from.address())
        .address(wanted)
        .number(rows)
        .number(hidden)
        .address(to)
        .run(rows, THREADS);
  }

  void norm(DeviceBuffer x, long rows, int width, Norm norm, DType type, DeviceBuffer out) {
    long from = CudaBuffer.address(x, rows * width * Float.BYTES);
    long to = CudaBuffer.address(out, rows * width * type.bytes());
    NormWeights weights = NormWeights.of(norm, width);
    state
        .launch(state.typedKernel("norm", type))
        .address(from)
        .number(Math.toIntExact(rows))
        .number(width)
        .number(weights.layerNorm())
        .address(weights.weight())
        .address(weights.bias())
        .number(norm.epsilon())
        .address(to)
        .run(rows, threads(width));
  }

  /** Threads that normalise a row of this width. */
  static int threads(int width) {
    return width <= NARROW ? WARP : THREADS;
  }

  /**
   * A norm as kernels take it.
   *
   * @param layerNorm 1 for a layer norm, 0 for an RMS norm
   * @param weight address
   * @param bias address, 0 for none
   */
  record NormWeights(int layerNorm, long weight, long bias) {
    static NormWeights of(Norm norm, int width) {
      return new NormWeights(
          norm.kind() == NormConfig.Kind.LAYER ? 1 : 0,
          CudaBuffer.address(norm.weight(), (long) width * Float.BYTES),
          addressOrNull(norm.bias(), width));
    }
  }

  /** Address of so many float32 numbers, 0 if there are none. */
  static long addressOrNull(@Nullable DeviceBuffer buffer, long count) {
    return buffer == null ? 0 : CudaBuffer.address(buffer, count * Float.BYTES);
  }

  void combine(DeviceBuffer expertOut, Routing routing, int rows, int width, DeviceBuffer hidden) {
    int k = routing.k();
    long numbers = (long) rows * width;
    long from = CudaBuffer.address(expertOut, numbers * k * Float.BYTES);
    long to = CudaBuffer.address(hidden, numbers * Float.BYTES);
    long weights = state.tables().put(routing.weights(), rows * k);
    state
        .launch(state.kernel("combine"))
        .address(from)
        .address(weights)
        .number(rows)
        .number(k)
        .number(width)
        .address(to)
        .run(ElementOperations.blocks(numbers), ElementOperations.THREADS);
  }

  void gather(DeviceBuffer x, int[] rows, int count, int width, DeviceBuffer out) {
    CudaBuffer from = CudaBuffer.of(x);
    long known = from.bytes() / Float.BYTES / width;
    for (int i = 0; i < count; i++) {
      if (rows[i] < 0 || rows[i] >= known) {
        throw new IndexOutOfBoundsException("row %d of %d".formatted(rows[i], known));
      }
    }
    long to = CudaBuffer.address(out, (long) count * width * Float.BYTES);
    long wanted = state.tables().put(rows, count);
    state
        .launch(state.kernel("gather"))
        .address(from.address())
        .address(wanted)
        .number(count)
        .number(width)
        .address(to)
        .run(count, THREADS);
  }
}
