package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.RouterSpec;
import dev.drey.runtime.device.Routing;
import java.util.Arrays;

/** The router: logits by oneDNN in float32, softmax, the k most likely. */
final class TopK implements ThreadTeam.Work {
  private static final int LARGEST_TILE = 32;

  private final StreamState state;
  private final Product product;
  private final TileList tiles = new TileList();

  private long sourceAt;
  private long weightsAt;
  private RouterSpec spec = new RouterSpec(1, 1, false);
  private Routing routing = new Routing(0, 1);

  TopK(StreamState state) {
    this.state = state;
    this.product = state.product(state.plan().router());
  }

  void run(
      DeviceBuffer x,
      int rows,
      int hidden,
      DeviceBuffer weight,
      RouterSpec routerSpec,
      Routing out) {
    MatmulSpec matmul = product.spec();
    if (hidden != matmul.inputs() || routerSpec.experts() != matmul.outputs()) {
      throw new IllegalArgumentException(
          "a router of %d inputs and %d experts; this model's has %d and %d"
              .formatted(hidden, routerSpec.experts(), matmul.inputs(), matmul.outputs()));
    }
    if (routerSpec.k() != out.k()) {
      throw new IllegalArgumentException(
          "%d experts per token for a routing of %d".formatted(routerSpec.k(), out.k()));
    }
    NativeBuffer source = NativeBuffer.of(x, 4L * rows * hidden);
    sourceAt = source.address();
    weightsAt = NativeBuffer.of(weight, 4L * hidden * routerSpec.experts()).address();
    spec = routerSpec;
    routing = out;
    tiles.cut(rows, Math.min(state.plan().rowTiles() - 1, RowTiles.covering(LARGEST_TILE)));
    int last = tiles.count() - 1;
    if (last >= 0 && tiles.padded(last)) {
      int rowBytes = hidden * Float.BYTES;
      state
          .padding()
          .bytes()
          .put(0, source.byteView(), tiles.first(last) * rowBytes, tiles.rows(last) * rowBytes);
    }
    state.run(tiles.count(), this);
  }

  @Override
  public void run(int workerIndex, int tile) {
    Worker worker = state.worker(workerIndex);
    long from =
        tiles.padded(tile)
            ? state.padding().address()
            : sourceAt + (long) tiles.first(tile) * product.spec().inputs() * Float.BYTES;
    product.call(workerIndex, tiles.tile(tile)).run(from, weightsAt, worker.outputAt);
    int experts = spec.experts();
    int count = tiles.rows(tile) * experts;
    worker.widen(count);
    float[] values = worker.row;
    worker.output.get(0, values, 0, count);
    for (int row = 0; row < tiles.rows(tile); row++) {
      float max = RowMath.max(values, row * experts, experts, Float.NEGATIVE_INFINITY);
      RowMath.shift(values, row * experts, experts, max, 1);
    }
    worker.output.put(0, values, 0, count);
    worker.exp.run(worker.outputAt, ExpKernels.padded(count));
    worker.output.get(0, values, 0, count);
    for (int row = 0; row < tiles.rows(tile); row++) {
      float sum = RowMath.sum(values, row * experts, experts);
      for (int expert = 0; expert < experts; expert++) {
        values[row * experts + expert] /= sum;
      }
      choose(values, row * experts, worker.secondRow, (tiles.first(tile) + row) * spec.k());
    }
  }

  /** Picks the largest again and again; the lower expert among equals, and among NaNs. */
  private void choose(float[] probabilities, int from, float[] taken, int entry) {
    int experts = spec.experts();
    Arrays.fill(taken, 0, experts, 0);
    float sum = 0;
    for (int rank = 0; rank < spec.k(); rank++) {
      int best = -1;
      for (int expert = 0; expert < experts; expert++) {
        if (taken[expert] == 0
            && (best < 0 || probabilities[from + expert] > probabilities[from + best])) {
          best = expert;
        }
      }
      taken[best] = 1;
      float weight = probabilities[from + best];
      routing.experts()[entry + rank] = best;
      routing.weights()[entry + rank] = weight;
      sum += weight;
    }
    if (spec.normalise()) {
      for (int rank = 0; rank < spec.k(); rank++) {
        routing.weights()[entry + rank] /= sum;
      }
    }
  }
}
