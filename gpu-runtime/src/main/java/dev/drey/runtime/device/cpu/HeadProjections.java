package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Products of each head's part of a row with that head's own matrix. A piece of work is one block
 * of outputs of one head for one tile of rows, whose inputs it gathers and rounds.
 */
final class HeadProjections implements ThreadTeam.Work {
  private final StreamState state;
  private final Map<MatrixShape, Product[]> blocks = new HashMap<>();
  private final TileList tiles = new TileList();

  private List<Matrix> matrices = List.of();
  private MatrixLayout layout;
  private Product[] products = {};
  private FloatBuffer source = FloatBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private int outStride;

  @SuppressWarnings("NullAway.Init") // the layout is set by every call
  HeadProjections(StreamState state) {
    this.state = state;
    for (MatrixShape shape : state.plan().model().headProjections()) {
      blocks.put(shape, state.blocks(shape));
    }
  }

  void run(DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer target, int stride) {
    layout = weights.get(0).layout();
    MatrixShape shape = layout.shape();
    Product[] found = blocks.get(shape);
    if (found == null || stride < shape.outputs()) {
      throw new IllegalArgumentException(
          "a %s matrix per head into parts of %d; this model has %s"
              .formatted(shape, stride, blocks.keySet()));
    }
    for (Matrix matrix : weights) {
      if (!matrix.layout().equals(layout)) {
        throw new IllegalArgumentException(
            "matrices of %s and %s in one operation"
                .formatted(layout.shape(), matrix.layout().shape()));
      }
    }
    matrices = weights;
    products = found;
    outStride = stride;
    long parts = (long) rows * weights.size();
    source = NativeBuffer.of(x, 4 * parts * shape.inputs()).floats();
    out = NativeBuffer.of(target, 4 * parts * stride).floats();
    tiles.cut(rows, state.plan().rowTiles() - 1);
    state.run(weights.size() * layout.blocks() * tiles.count(), this);
  }

  @Override
  public void run(int workerIndex, int piece) {
    Worker worker = state.worker(workerIndex);
    int tile = piece % tiles.count();
    int block = piece / tiles.count() % layout.blocks();
    int head = piece / tiles.count() / layout.blocks();
    gather(worker, head, tile);
    long weights = NativeBuffer.of(matrices.get(head).data(), layout.bytes()).address();
    products[block == layout.blocks() - 1 ? 1 : 0]
        .call(workerIndex, tiles.tile(tile))
        .run(worker.input.address(), weights + block * layout.blockStride(), worker.outputAt);
    int width = layout.outputsOf(block);
    for (int row = 0; row < tiles.rows(tile); row++) {
      int part = (tiles.first(tile) + row) * matrices.size() + head;
      int to = part * outStride + block * layout.blockOutputs();
      out.put(to, worker.output, row * width, width);
    }
  }

  private void gather(Worker worker, int head, int tile) {
    int inputs = layout.shape().inputs();
    float[] values = worker.row(inputs);
    for (int row = 0; row < tiles.rows(tile); row++) {
      int part = (tiles.first(tile) + row) * matrices.size() + head;
      source.get(part * inputs, values, 0, inputs);
      worker.store(values, 0, inputs, worker.input.numbers(), row * inputs);
    }
  }
}
