package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.GatedUnit;
import org.jspecify.annotations.Nullable;

/** Any gated unit, with biases: both projections to float32, the rest in Java. */
final class PlainGateUp implements GateUp {
  private final StreamState state;
  private final GatedUnit unit;
  private final MatrixLayout layout;
  private final Product[] products;

  PlainGateUp(StreamState state, ExpertShape shape) {
    this.state = state;
    this.unit = state.plan().model().moe().unit();
    this.layout = state.plan().layout(shape.gateUp());
    this.products = state.blocks(shape.gateUp());
  }

  @Override
  public void run(
      int workerIndex,
      int block,
      int tile,
      int rows,
      long inputAt,
      long gateAt,
      long upAt,
      @Nullable ExpertBias bias,
      Tile between) {
    Worker worker = state.worker(workerIndex);
    Product product = products[block == layout.blocks() - 1 ? 1 : 0];
    long offset = block * layout.blockStride();
    product.call(workerIndex, tile).run(inputAt, upAt + offset, worker.upAt);
    product.call(workerIndex, tile).run(inputAt, gateAt + offset, worker.outputAt);
    int width = layout.outputsOf(block);
    int column = block * layout.blockOutputs();
    int count = rows * width;
    worker.widen(count);
    worker.up.get(0, worker.secondRow, 0, count);
    worker.output.get(0, worker.row, 0, count);
    if (bias != null) {
      addBias(worker, bias.gate(), column, width, worker.row, rows);
      addBias(worker, bias.up(), column, width, worker.secondRow, rows);
    }
    activate(worker, count);
    for (int row = 0; row < rows; row++) {
      int to = row * layout.shape().outputs() + column;
      worker.store(worker.row, row * width, width, between.numbers(), to);
    }
  }

  private static void addBias(
      Worker worker, DeviceBuffer bias, int column, int width, float[] values, int rows) {
    NativeBuffer.of(bias, 4L * (column + width)).floats().get(column, worker.thirdRow, 0, width);
    for (int row = 0; row < rows; row++) {
      RowMath.add(values, row * width, worker.thirdRow, 0, width);
    }
  }

  /** From gates in the first and up in the second row to activations in the first. */
  private void activate(Worker worker, int count) {
    float[] gate = worker.row;
    float[] up = worker.secondRow;
    float[] sigmoid = worker.thirdRow;
    float limit = unit.limit();
    if (limit > 0) {
      for (int i = 0; i < count; i++) {
        gate[i] = Math.min(gate[i], limit);
      }
      RowMath.clamp(up, 0, count, limit);
    }
    System.arraycopy(gate, 0, sigmoid, 0, count);
    RowMath.scale(sigmoid, 0, count, unit.alpha());
    worker.sigmoid(sigmoid, count);
    RowMath.multiply(gate, sigmoid, count);
    RowMath.add(up, 0, count, unit.shift());
    RowMath.multiply(gate, up, count);
  }
}
