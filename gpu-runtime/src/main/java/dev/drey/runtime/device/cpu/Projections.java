package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Products with weight matrices. A piece of work is one block of outputs for one tile of rows: the
 * cut follows from the shape and the number of rows, and a block's bits do not depend on it.
 */
final class Projections implements ThreadTeam.Work {
  private final StreamState state;
  private final int inputBytes;
  private final Map<MatrixShape, Product[]> blocks = new HashMap<>();
  private final TileList tiles = new TileList();

  private MatrixLayout layout;
  private Product[] products = {};
  private long sourceAt;
  private long weightsAt;
  private FloatBuffer out = FloatBuffer.allocate(0);
  private boolean accumulate;
  private boolean biased;
  private float[] biases = {};

  @SuppressWarnings("NullAway.Init") // the layout is set by every call
  Projections(StreamState state) {
    this.state = state;
    this.inputBytes = state.plan().activation().bytes();
    for (MatrixShape shape : state.plan().model().projections()) {
      blocks.put(shape, state.blocks(shape));
    }
  }

  void run(
      DeviceBuffer x,
      int rows,
      Matrix weight,
      @Nullable DeviceBuffer bias,
      DeviceBuffer target,
      boolean add) {
    MatrixShape shape = weight.layout().shape();
    Product[] found = blocks.get(shape);
    if (found == null) {
      throw new IllegalArgumentException(
          "a %s matrix is none of this model's projections %s".formatted(shape, blocks.keySet()));
    }
    if (rows > state.plan().maxRows()) {
      throw new IllegalArgumentException(
          "%d rows; the stream was opened for at most %d".formatted(rows, state.plan().maxRows()));
    }
    layout = weight.layout();
    products = found;
    accumulate = add;
    loadBias(bias, shape.outputs());
    long rowBytes = (long) shape.inputs() * inputBytes;
    NativeBuffer source = NativeBuffer.of(x, rows * rowBytes);
    sourceAt = source.address();
    weightsAt = NativeBuffer.of(weight.data(), layout.bytes()).address();
    out = NativeBuffer.of(target, 4L * rows * shape.outputs()).floats();
    tiles.cut(rows, state.plan().rowTiles() - 1);
    int last = tiles.count() - 1;
    if (last >= 0 && tiles.padded(last)) {
      int from = Math.toIntExact(tiles.first(last) * rowBytes);
      int length = Math.toIntExact(tiles.rows(last) * rowBytes);
      state.padding().bytes().put(0, source.byteView(), from, length);
    }
    state.run(layout.blocks() * tiles.count(), this);
  }

  private void loadBias(@Nullable DeviceBuffer bias, int outputs) {
    biased = bias != null;
    if (bias == null) {
      return;
    }
    if (biases.length < outputs) {
      biases = new float[outputs];
    }
    NativeBuffer.of(bias, 4L * outputs).floats().get(0, biases, 0, outputs);
  }

  @Override
  public void run(int workerIndex, int piece) {
    Worker worker = state.worker(workerIndex);
    int block = piece / tiles.count();
    int tile = piece % tiles.count();
    Product product = products[block == layout.blocks() - 1 ? 1 : 0];
    long from =
        tiles.padded(tile)
            ? state.padding().address()
            : sourceAt + (long) tiles.first(tile) * layout.shape().inputs() * inputBytes;
    product
        .call(workerIndex, tiles.tile(tile))
        .run(from, weightsAt + block * layout.blockStride(), worker.outputAt);
    store(worker, block, tile);
  }

  private void store(Worker worker, int block, int tile) {
    int width = layout.outputsOf(block);
    int outputs = layout.shape().outputs();
    worker.widen(width);
    int column = block * layout.blockOutputs();
    for (int row = 0; row < tiles.rows(tile); row++) {
      int to = (tiles.first(tile) + row) * outputs + column;
      if (!biased && !accumulate) {
        out.put(to, worker.output, row * width, width);
        continue;
      }
      worker.output.get(row * width, worker.row, 0, width);
      if (biased) {
        RowMath.add(worker.row, 0, biases, column, width);
      }
      if (accumulate) {
        out.get(to, worker.secondRow, 0, width);
        RowMath.add(worker.secondRow, worker.row, width);
        out.put(to, worker.secondRow, 0, width);
      } else {
        out.put(to, worker.row, 0, width);
      }
    }
  }
}
