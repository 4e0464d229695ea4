package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Experts over their tokens. A unit is a tile of one expert's tokens: its rows are gathered (and
 * multiplied by their factors, if they have any), taken through the three projections and
 * scattered. With enough units each is one piece of work; with few, the blocks of its matrices are,
 * in two rounds. Both ways execute the same products.
 */
final class FeedForwards implements ThreadTeam.Work {
  /** The products of one shape; down of all blocks but the last, and of the last. */
  private record Shape(ExpertShape shape, GateUp gateUp, Product[] down) {}

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
  private int[] order = {};

  private ByteBuffer input = ByteBuffer.allocate(0);
  private NumberView inputNumbers = NumberView.EMPTY;
  private FloatBuffer out = FloatBuffer.allocate(0);
  private Round round = Round.WHOLE;
  private int sharedUnit;

  FeedForwards(StreamState state) {
    this.state = state;
    for (ExpertShape shape : state.plan().networks()) {
      GateUp gateUp =
          state.plan().fusedUnit() ? new FusedGateUp(state, shape) : new PlainGateUp(state, shape);
      shapes.add(new Shape(shape, gateUp, state.blocks(shape.down())));
    }
  }

  void run(DeviceBuffer source, Iterable<ExpertBatch> work, DeviceBuffer target) {
    DType activation = state.plan().activation();
    NativeBuffer from = NativeBuffer.of(source);
    input = from.byteView();
    inputNumbers = NumberView.of(from, from.bytes() / activation.bytes(), activation);
    out = NativeBuffer.of(target).floats();
    collect(work);
    if (units.count() >= 2 * state.threads() || state.threads() == 1) {
      round = Round.WHOLE;
      order = units.largestFirst();
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
    gather(state.worker(0), unit, state.padding());
    round = Round.UP_AND_GATE;
    state.run(layout.gate().blocks(), this);
    round = Round.DOWN;
    state.run(layout.down().blocks(), this);
  }

  @Override
  public void run(int worker, int piece) {
    switch (round) {
      case WHOLE -> runWhole(worker, order[piece]);
      case UP_AND_GATE -> upAndGate(worker, sharedUnit, piece, state.padding(), state.between());
      case DOWN -> down(worker, sharedUnit, piece, state.between());
    }
  }

  private void runWhole(int workerIndex, int unit) {
    Worker worker = state.worker(workerIndex);
    ExpertLayout layout = batch(unit).expert().layout();
    gather(worker, unit, worker.input);
    for (int block = 0; block < layout.gate().blocks(); block++) {
      upAndGate(workerIndex, unit, block, worker.input, worker.between);
    }
    for (int block = 0; block < layout.down().blocks(); block++) {
      down(workerIndex, unit, block, worker.between);
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
            .formatted(hidden, intermediate, state.plan().networks()));
  }

  private void gather(Worker worker, int unit, Tile into) {
    ExpertBatch batch = batch(unit);
    int hidden = batch.expert().layout().gate().shape().inputs();
    int rowBytes = hidden * state.plan().activation().bytes();
    worker.widen(hidden);
    for (int row = 0; row < units.rows(unit); row++) {
      int token = units.first(unit) + row;
      float[] scales = batch.inputScales();
      if (scales == null) {
        int from = Math.multiplyExact(batch.inputRows()[token], rowBytes);
        into.bytes().put(row * rowBytes, input, from, rowBytes);
      } else {
        int from = Math.multiplyExact(batch.inputRows()[token], hidden);
        worker.load(inputNumbers, from, worker.row, hidden);
        RowMath.scale(worker.row, 0, hidden, scales[token]);
        worker.store(worker.row, 0, hidden, into.numbers(), row * hidden);
      }
    }
  }

  private void upAndGate(int workerIndex, int unit, int block, Tile from, Tile between) {
    ExpertBatch batch = batch(unit);
    ExpertLayout layout = batch.expert().layout();
    long slot = NativeBuffer.of(batch.expert().slot(), layout.bytes()).address();
    shape(layout)
        .gateUp()
        .run(
            workerIndex,
            block,
            units.tile(unit),
            units.rows(unit),
            from.address(),
            slot,
            slot + layout.upOffset(),
            batch.bias(),
            between);
  }

  private void down(int workerIndex, int unit, int block, Tile between) {
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
        .run(between.address(), weights, worker.outputAt);
    int width = matrix.outputsOf(block);
    int column = block * matrix.blockOutputs();
    ExpertBias bias = batch.bias();
    if (bias != null) {
      addBias(worker, bias.down(), column, width, units.rows(unit));
    }
    for (int row = 0; row < units.rows(unit); row++) {
      int to = batch.outputRows()[units.first(unit) + row] * matrix.shape().outputs() + column;
      out.put(to, worker.output, row * width, width);
    }
  }

  private static void addBias(Worker worker, DeviceBuffer bias, int column, int width, int rows) {
    worker.widen(width);
    NativeBuffer.of(bias, 4L * (column + width)).floats().get(column, worker.thirdRow, 0, width);
    for (int row = 0; row < rows; row++) {
      worker.output.get(row * width, worker.row, 0, width);
      RowMath.add(worker.row, worker.thirdRow, width);
      worker.output.put(row * width, worker.row, 0, width);
    }
  }
}
