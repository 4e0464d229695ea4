package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;

/**
 * Operations that treat each number on its own, in Java, row by row on the heap. A piece of work is
 * a run of rows of about {@value #PIECE_NUMBERS} numbers.
 */
final class ElementOperations implements ThreadTeam.Work {
  private enum Operation {
    CLAMP,
    SCALE_ROWS,
    ADD_SCALED,
    SIGMOID_GATE,
    TO_ACTIVATIONS,
    REMAINDERS,
    COPY_HEADS
  }

  private static final int PIECE_NUMBERS = 16_384;

  private final StreamState state;

  private Operation operation = Operation.CLAMP;
  private int rows;
  private int rowsPerPiece;
  private int width;
  private FloatBuffer in = FloatBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private NumberView activations = NumberView.EMPTY;
  private float number;
  private float[] factors = {};
  private int heads;
  private int outStride;
  private int outOffset;

  ElementOperations(StreamState state) {
    this.state = state;
  }

  void clamp(DeviceBuffer x, int count, int size, float limit) {
    operation = Operation.CLAMP;
    number = limit;
    start(x, count, size);
  }

  void scaleRows(DeviceBuffer x, int count, int size, float[] perRow) {
    operation = Operation.SCALE_ROWS;
    factors = perRow;
    start(x, count, size);
  }

  void addScaled(DeviceBuffer x, int count, int size, float factor, DeviceBuffer target) {
    operation = Operation.ADD_SCALED;
    number = factor;
    out = floats(target, count, size);
    start(x, count, size);
  }

  void sigmoidGate(DeviceBuffer gate, int count, int size, DeviceBuffer x, DType type) {
    operation = Operation.SIGMOID_GATE;
    activations = NumberView.of(x, (long) count * size, type);
    start(gate, count, size);
  }

  void toActivations(DeviceBuffer x, int count, int size, DeviceBuffer target) {
    operation = Operation.TO_ACTIVATIONS;
    activations = NumberView.of(target, (long) count * size, state.plan().activation());
    start(x, count, size);
  }

  void remainders(DeviceBuffer x, int count, int size, DeviceBuffer target) {
    operation = Operation.REMAINDERS;
    activations = NumberView.of(target, (long) count * size, state.plan().activation());
    start(x, count, size);
  }

  void copyHeads(
      DeviceBuffer x, int count, int ofHeads, int size, DeviceBuffer target, int stride, int at) {
    if (at < 0 || at + size > stride) {
      throw new IllegalArgumentException(
          "%d numbers of a head at %d of %d".formatted(size, at, stride));
    }
    operation = Operation.COPY_HEADS;
    heads = ofHeads;
    outStride = stride;
    outOffset = at;
    out = floats(target, count, ofHeads * stride);
    start(x, count, ofHeads * size);
  }

  private static FloatBuffer floats(DeviceBuffer buffer, int count, int size) {
    return NativeBuffer.of(buffer, 4L * count * size).floats();
  }

  private void start(DeviceBuffer x, int count, int size) {
    in = floats(x, count, size);
    rows = count;
    width = size;
    rowsPerPiece = Math.max(1, PIECE_NUMBERS / size);
    state.run((rows + rowsPerPiece - 1) / rowsPerPiece, this);
  }

  @Override
  public void run(int workerIndex, int piece) {
    Worker worker = state.worker(workerIndex);
    worker.widen(width);
    int end = Math.min(rows, (piece + 1) * rowsPerPiece);
    for (int row = piece * rowsPerPiece; row < end; row++) {
      switch (operation) {
        case CLAMP, SCALE_ROWS -> change(worker, row);
        case ADD_SCALED -> addScaled(worker, row);
        case SIGMOID_GATE -> sigmoidGate(worker, row);
        case TO_ACTIVATIONS -> toActivations(worker, row);
        case REMAINDERS -> remainders(worker, row);
        case COPY_HEADS -> copyHeads(row);
      }
    }
  }

  private void change(Worker worker, int row) {
    float[] values = worker.row;
    in.get(row * width, values, 0, width);
    if (operation == Operation.CLAMP) {
      RowMath.clamp(values, 0, width, number);
    } else {
      RowMath.scale(values, 0, width, factors[row]);
    }
    in.put(row * width, values, 0, width);
  }

  private void addScaled(Worker worker, int row) {
    float[] sum = worker.row;
    float[] term = worker.secondRow;
    out.get(row * width, sum, 0, width);
    in.get(row * width, term, 0, width);
    RowMath.addScaled(sum, term, width, number);
    out.put(row * width, sum, 0, width);
  }

  private void sigmoidGate(Worker worker, int row) {
    float[] values = worker.row;
    float[] gates = worker.secondRow;
    in.get(row * width, gates, 0, width);
    worker.sigmoid(gates, width);
    worker.load(activations, row * width, values, width);
    RowMath.multiply(values, gates, width);
    worker.store(values, 0, width, activations, row * width);
  }

  private void remainders(Worker worker, int row) {
    float[] values = worker.row;
    in.get(row * width, values, 0, width);
    boolean rounds = state.plan().activation() == DType.BF16;
    for (int i = 0; i < width; i++) {
      values[i] = rounds ? values[i] - BFloat16.round(values[i]) : 0;
    }
    worker.store(values, 0, width, activations, row * width);
  }

  private void toActivations(Worker worker, int row) {
    in.get(row * width, worker.row, 0, width);
    worker.store(worker.row, 0, width, activations, row * width);
  }

  private void copyHeads(int row) {
    int size = width / heads;
    for (int head = 0; head < heads; head++) {
      int to = (row * heads + head) * outStride + outOffset;
      out.put(to, in, row * width + head * size, size);
    }
  }
}
