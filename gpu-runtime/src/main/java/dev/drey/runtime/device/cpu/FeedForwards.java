package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.ExpertShape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Experts over their tokens. A unit is a tile of one expert's tokens: its rows are gathered, taken
 * through the three projections and scattered. With enough units each is one piece of work; with
 * few, the blocks of its matrices are, in two rounds. Both ways execute the same products.
 */
final class FeedForwards implements ThreadTeam.Work {
  /** The products of one shape: of all blocks but the last, and of the last. */
  private record Shape(ExpertShape shape, Product[] up, Product[] gate, Product[] down) {}

  private enum Round {
    WHOLE,
    UP_AND_GATE,
    DOWN
  }

  private final StreamState state;
  private final List<Shape> shapes = new ArrayList<>();
  private final List<ExpertBatch> batches = new ArrayList<>();
  private final TileList units = new TileList();
  private final TileList tiles = new TileList();
  private int[] batchOfUnit = new int[16];

  private ByteBuffer input = ByteBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private Round round = Round.WHOLE;
  private int sharedUnit;

  FeedForwards(StreamState state) {
    this.state = state;
    for (ExpertShape shape : state.plan().experts()) {
      MatrixLayout layout = state.plan().layout(shape.gateUp());
      Product[] up = new Product[2];
      Product[] gate = new Product[2];
      for (int i = 0; i < 2; i++) {
        int outputs = layout.outputsOf(i * (layout.blocks() - 1));
        up[i] = state.product(state.plan().up(shape, outputs));
        gate[i] = state.product(state.plan().gate(shape, outputs));
      }
      shapes.add(new Shape(shape, up, gate, state.blocks(shape.down())));
    }
  }

  void run(DeviceBuffer source, Iterable<ExpertBatch> work, DeviceBuffer target) {
    input = NativeBuffer.of(source).byteView();
    out = NativeBuffer.of(target).floats();
    collect(work);
    if (units.count() >= 2 * state.threads() || state.threads() == 1) {
      round = Round.WHOLE;
      state.run(units.count(), this);
    } else {
      for (int unit = 0; unit < units.count(); unit++) {
        runShared(unit);
      }
    }
    batches.clear();
  }

  private void collect(Iterable<ExpertBatch> work) {
    batches.clear();
    units.clear();
    for (ExpertBatch batch : work) {
      tiles.cut(batch.tokens(), state.plan().rowTiles() - 1);
      for (int tile = 0; tile < tiles.count(); tile++) {
        if (units.count() == batchOfUnit.length) {
          batchOfUnit = Arrays.copyOf(batchOfUnit, 2 * batchOfUnit.length);
        }
        batchOfUnit[units.count()] = batches.size();
        units.add(tiles.first(tile), tiles.tile(tile), tiles.rows(tile));
      }
      batches.add(batch);
    }
  }

  private void runShared(int unit) {
    ExpertLayout layout = batch(unit).expert().layout();
    sharedUnit = unit;
    gather(unit, state.padding().bytes());
    round = Round.UP_AND_GATE;
    state.run(layout.gate().blocks(), this);
    round = Round.DOWN;
    state.run(layout.down().blocks(), this);
  }

  @Override
  public void run(int worker, int piece) {
    switch (round) {
      case WHOLE -> runWhole(worker, piece);
      case UP_AND_GATE ->
          upAndGate(
              worker, sharedUnit, piece, state.padding().address(), state.between().address());
      case DOWN -> down(worker, sharedUnit, piece, state.between().address());
    }
  }

  private void runWhole(int workerIndex, int unit) {
    Worker worker = state.worker(workerIndex);
    ExpertLayout layout = batch(unit).expert().layout();
    gather(unit, worker.input.bytes());
    for (int block = 0; block < layout.gate().blocks(); block++) {
      upAndGate(workerIndex, unit, block, worker.input.address(), worker.between.address());
    }
    for (int block = 0; block < layout.down().blocks(); block++) {
      down(workerIndex, unit, block, worker.between.address());
    }
  }

  private ExpertBatch batch(int unit) {
    return batches.get(batchOfUnit[unit]);
  }

  private Shape shape(ExpertLayout layout) {
    int hidden = layout.gate().shape().inputs();
    int intermediate = layout.gate().shape().outputs();
    for (Shape known : shapes) {
      if (known.shape().hidden() == hidden && known.shape().intermediate() == intermediate) {
        return known;
      }
    }
    throw new IllegalArgumentException(
        "an expert of width %d and %d is none of this model's %s"
            .formatted(hidden, intermediate, state.plan().experts()));
  }

  private void gather(int unit, ByteBuffer into) {
    ExpertBatch batch = batch(unit);
    int rowBytes =
        batch.expert().layout().gate().shape().inputs() * state.plan().activation().bytes();
    for (int row = 0; row < units.rows(unit); row++) {
      int from = Math.multiplyExact(batch.inputRows()[units.first(unit) + row], rowBytes);
      into.put(row * rowBytes, input, from, rowBytes);
    }
  }

  private void upAndGate(int workerIndex, int unit, int block, long inputAt, long betweenAt) {
    Worker worker = state.worker(workerIndex);
    ExpertLayout layout = batch(unit).expert().layout();
    Shape products = shape(layout);
    int which = block == layout.gate().blocks() - 1 ? 1 : 0;
    int tile = units.tile(unit);
    long slot = NativeBuffer.of(batch(unit).expert().slot(), layout.bytes()).address();
    long offset = block * layout.gate().blockStride();
    products
        .up()[which]
        .call(workerIndex, tile)
        .run(inputAt, slot + layout.upOffset() + offset, worker.upAt);
    long columns = (long) block * layout.gate().blockOutputs() * state.plan().activation().bytes();
    products
        .gate()[which]
        .call(workerIndex, tile)
        .run(inputAt, slot + offset, betweenAt + columns, worker.upAt);
  }

  private void down(int workerIndex, int unit, int block, long betweenAt) {
    Worker worker = state.worker(workerIndex);
    ExpertBatch batch = batch(unit);
    ExpertLayout layout = batch.expert().layout();
    MatrixLayout matrix = layout.down();
    long weights =
        NativeBuffer.of(batch.expert().slot()).address()
            + layout.downOffset()
            + block * matrix.blockStride();
    shape(layout)
        .down()[block == matrix.blocks() - 1 ? 1 : 0]
        .call(workerIndex, units.tile(unit))
        .run(betweenAt, weights, worker.outputAt);
    int width = matrix.outputsOf(block);
    int column = block * matrix.blockOutputs();
    for (int row = 0; row < units.rows(unit); row++) {
      int to = batch.outputRows()[units.first(unit) + row] * matrix.shape().outputs() + column;
      out.put(to, worker.output, row * width, width);
    }
  }
}
