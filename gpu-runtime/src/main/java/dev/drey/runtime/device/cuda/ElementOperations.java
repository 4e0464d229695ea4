package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.model.DType;

/** Operations that treat every number alike, or every pair. */
final class ElementOperations {
  /** Threads of a block that takes one number per thread. */
  static final int THREADS = 256;

  private final StreamState state;

  ElementOperations(StreamState state) {
    this.state = state;
  }

  /** Blocks for so many numbers. */
  static long blocks(long numbers) {
    return (numbers + THREADS - 1) / THREADS;
  }

  private static long floats(DeviceBuffer buffer, long count) {
    return CudaBuffer.address(buffer, count * Float.BYTES);
  }

  private long activations(DeviceBuffer buffer, long count) {
    return CudaBuffer.address(buffer, count * state.activation().bytes());
  }

  void toActivations(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    round("convert", x, (long) rows * width, out);
  }

  void remainders(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    round("remainders", x, (long) rows * width, out);
  }

  private void round(String name, DeviceBuffer x, long numbers, DeviceBuffer out) {
    long from = floats(x, numbers);
    long to = activations(out, numbers);
    state
        .launch(state.typedKernel(name))
        .address(from)
        .number(numbers)
        .address(to)
        .run(blocks(numbers), THREADS);
  }

  void copyHeads(
      DeviceBuffer x,
      int rows,
      int heads,
      int width,
      DeviceBuffer out,
      int outStride,
      int outOffset) {
    long parts = (long) rows * heads;
    if (outOffset < 0 || outOffset + width > outStride) {
      throw new IndexOutOfBoundsException(
          "%d numbers at %d of a head's %d".formatted(width, outOffset, outStride));
    }
    long from = floats(x, parts * width);
    long to = floats(out, parts * outStride);
    state
        .launch(state.kernel("copy_heads"))
        .address(from)
        .number(parts)
        .number(width)
        .address(to)
        .number(outStride)
        .number(outOffset)
        .run(blocks(parts * width), THREADS);
  }

  void rotary(
      DeviceBuffer x, int rows, int heads, int headDim, int[] tableRows, RotaryTable table) {
    long at = floats(x, (long) rows * heads * headDim);
    int most = state.rotaryRows().most(table);
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      int place = state.rotaryRows().gather(table, tableRows, first, first + count);
      int[] order = new int[count];
      for (int row = 0; row < count; row++) {
        order[row] = row;
      }
      long rowNumbers = state.tables().putKnown(order);
      state
          .launch(state.kernel("rotary"))
          .address(at + (long) first * heads * headDim * Float.BYTES)
          .number(count)
          .number(heads)
          .number(headDim)
          .address(rowNumbers)
          .address(state.rotaryRows().cosAt(place))
          .address(state.rotaryRows().sinAt(place))
          .number(table.dims())
          .number(table.interleaved() ? 1 : 0)
          .run(blocks((long) count * heads * (table.dims() / 2)), THREADS);
    }
  }

  void clamp(DeviceBuffer x, int rows, int width, float limit) {
    long numbers = (long) rows * width;
    long at = floats(x, numbers);
    state
        .launch(state.kernel("clamp"))
        .address(at)
        .number(numbers)
        .number(limit)
        .run(blocks(numbers), THREADS);
  }

  void scaleRows(DeviceBuffer x, int rows, int width, float[] factors) {
    long numbers = (long) rows * width;
    long at = floats(x, numbers);
    long table = state.tables().put(factors, rows);
    state
        .launch(state.kernel("scale_rows"))
        .address(at)
        .number(rows)
        .number(width)
        .address(table)
        .run(blocks(numbers), THREADS);
  }

  void addScaled(DeviceBuffer x, int rows, int width, float factor, DeviceBuffer target) {
    long numbers = (long) rows * width;
    long from = floats(x, numbers);
    long to = floats(target, numbers);
    state
        .launch(state.kernel("add_scaled"))
        .address(from)
        .number(numbers)
        .number(factor)
        .address(to)
        .run(blocks(numbers), THREADS);
  }

  void sigmoidGate(DeviceBuffer gate, int rows, int width, DeviceBuffer x, DType type) {
    long numbers = (long) rows * width;
    long from = floats(gate, numbers);
    long to = CudaBuffer.address(x, numbers * type.bytes());
    state
        .launch(state.typedKernel("sigmoid_gate", type))
        .address(from)
        .number(numbers)
        .address(to)
        .run(blocks(numbers), THREADS);
  }
}
