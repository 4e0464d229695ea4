package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.model.MatrixShape;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Products of rows, or of heads' parts of rows, with weight matrices. */
final class Projections {
  private final StreamState state;
  private final Products products;
  private final List<ProductKernel> variants;

  Projections(StreamState state, Products products) {
    this.state = state;
    this.products = products;
    this.variants = ProductKernel.matmul(state.activation());
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#matmul}. */
  void matmul(
      DeviceBuffer x,
      int rows,
      Matrix weight,
      @Nullable DeviceBuffer bias,
      DeviceBuffer out,
      boolean accumulate) {
    MatrixShape shape = weight.layout().shape();
    int inputs = shape.inputs();
    int outputs = shape.outputs();
    long from = CudaBuffer.address(x, (long) rows * inputs * state.activation().bytes());
    long to = CudaBuffer.address(out, (long) rows * outputs * Float.BYTES);
    ByteBuffer group = state.tables().fresh();
    group.putLong(CudaBuffer.address(weight.data(), weight.layout().bytes()));
    group.putLong(bias == null ? 0 : CudaBuffer.address(bias, (long) outputs * Float.BYTES));
    long groups = state.tables().putKnown();
    ProductKernel variant = ProductKernel.dense(variants, rows, outputs);
    products.matmul(
        variant,
        Products.Source.rows(from, inputs),
        groups,
        products.tiles(rows, 1, variant.rows()),
        inputs,
        outputs,
        new Products.Target(to, outputs, 0, 0, accumulate));
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#headMatmul}. */
  void headMatmul(DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer out, int outStride) {
    int heads = weights.size();
    MatrixShape shape = weights.get(0).layout().shape();
    int inputs = shape.inputs();
    long width = (long) heads * inputs;
    long from = CudaBuffer.address(x, rows * width * Float.BYTES);
    long to = CudaBuffer.address(out, (long) rows * heads * outStride * Float.BYTES);
    int most =
        (int) Math.min(rows, state.plan().workBytes() / (width * state.activation().bytes()));
    if (most < 1) {
      throw new IllegalArgumentException(
          "%d heads of %d numbers; this stream was not opened for so many"
              .formatted(heads, inputs));
    }
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      headRows(from + first * width * Float.BYTES, count, weights, to, outStride);
      to += (long) count * heads * outStride * Float.BYTES;
    }
  }

  private void headRows(long from, int rows, List<Matrix> weights, long to, int outStride) {
    int heads = weights.size();
    int inputs = weights.get(0).layout().shape().inputs();
    int outputs = weights.get(0).layout().shape().outputs();
    long numbers = (long) rows * heads * inputs;
    ByteBuffer table = state.tables().fresh();
    for (Matrix matrix : weights) {
      table.putLong(CudaBuffer.address(matrix.data(), matrix.layout().bytes())).putLong(0);
    }
    long groups = state.tables().putKnown();
    state
        .launch(state.typedKernel("convert"))
        .address(from)
        .number(numbers)
        .address(state.work())
        .run(ElementOperations.blocks(numbers), ElementOperations.THREADS);
    ProductKernel variant = Products.variant(variants, rows);
    products.matmul(
        variant,
        new Products.Source(state.work(), (long) heads * inputs, inputs, 0),
        groups,
        products.tiles(rows, heads, variant.rows()),
        inputs,
        outputs,
        new Products.Target(to, (long) heads * outStride, outStride, 0, false));
  }
}
