package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Operations that treat each row on its own, in Java. Rows are copied to the heap, where loops over
 * arrays become vector instructions. A piece of work is a run of rows of about {@value
 * #PIECE_NUMBERS} numbers.
 */
final class RowOperations implements ThreadTeam.Work {
  private enum Operation {
    NORM,
    HEAD_NORM,
    ROTARY,
    COMBINE,
    GATHER
  }

  private static final int PIECE_NUMBERS = 16_384;

  private final StreamState state;
  private final RowNorm rowNorm = new RowNorm();

  private Operation operation = Operation.NORM;
  private int rows;
  private int rowsPerPiece;
  private int width;
  private FloatBuffer in = FloatBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private NumberView normalised = NumberView.EMPTY;
  private int headDim;
  private int[] indices = {};
  private RotaryTable table = RotaryTable.plain(2, 1, 1);
  private Routing routing = new Routing(0, 1);

  RowOperations(StreamState state) {
    this.state = state;
  }

  /** Into numbers of the given type. */
  void norm(DeviceBuffer x, int count, int size, Norm norm, DType type, DeviceBuffer target) {
    operation = Operation.NORM;
    rowNorm.load(norm, size, size);
    normalised = NumberView.of(target, (long) count * size, type);
    start(x, count, size);
  }

  void headNorm(DeviceBuffer x, int count, int heads, int size, Norm norm) {
    operation = Operation.HEAD_NORM;
    headDim = size;
    rowNorm.load(norm, heads * size, size);
    start(x, count, heads * size);
  }

  void rotary(DeviceBuffer x, int count, int heads, int size, int[] tableRows, RotaryTable rotary) {
    if (rotary.dims() > size) {
      throw new IllegalArgumentException(
          "a rotary embedding of %d dimensions for heads of %d".formatted(rotary.dims(), size));
    }
    operation = Operation.ROTARY;
    headDim = size;
    indices = tableRows;
    table = rotary;
    start(x, count, heads * size);
  }

  void combine(DeviceBuffer expertOut, Routing choice, int count, int size, DeviceBuffer hidden) {
    operation = Operation.COMBINE;
    routing = choice;
    out = floats(hidden, count, size);
    NativeBuffer.of(expertOut, 4L * count * choice.k() * size);
    start(expertOut, count, size);
  }

  void gather(DeviceBuffer x, int[] which, int count, int size, DeviceBuffer target) {
    operation = Operation.GATHER;
    indices = which;
    out = floats(target, count, size);
    rows = count;
    rowsPerPiece = count;
    width = size;
    in = NativeBuffer.of(x).floats();
    state.run(count == 0 ? 0 : 1, this);
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
        case NORM -> norm(worker, row);
        case HEAD_NORM -> headNorm(worker, row);
        case ROTARY -> rotary(worker, row);
        case COMBINE -> combine(worker, row);
        case GATHER -> out.put(row * width, in, indices[row] * width, width);
      }
    }
  }

  private void norm(Worker worker, int row) {
    float[] values = worker.row;
    in.get(row * width, values, 0, width);
    rowNorm.apply(values, 0, width);
    worker.store(values, 0, width, normalised, row * width);
  }

  private void headNorm(Worker worker, int row) {
    float[] values = worker.row;
    in.get(row * width, values, 0, width);
    for (int head = 0; head < width; head += headDim) {
      rowNorm.apply(values, head, headDim);
    }
    in.put(row * width, values, 0, width);
  }

  private void rotary(Worker worker, int row) {
    float[] values = worker.row;
    float[] rotated = worker.secondRow;
    int half = table.dims() / 2;
    int entry = indices[row] * half;
    in.get(row * width, values, 0, width);
    for (int head = 0; head < width; head += headDim) {
      if (table.interleaved()) {
        rotatePairs(values, head, half, entry, rotated);
      } else {
        rotateHalves(values, head, half, entry, rotated);
      }
      int still = head + 2 * half;
      System.arraycopy(values, still, rotated, still, headDim - 2 * half);
    }
    in.put(row * width, rotated, 0, width);
  }

  private void rotateHalves(float[] values, int first, int half, int entry, float[] rotated) {
    float[] cos = table.cos();
    float[] sin = table.sin();
    int second = first + half;
    for (int i = 0; i < half; i++) {
      rotated[first + i] = values[first + i] * cos[entry + i] - values[second + i] * sin[entry + i];
    }
    for (int i = 0; i < half; i++) {
      rotated[second + i] =
          values[second + i] * cos[entry + i] + values[first + i] * sin[entry + i];
    }
  }

  private void rotatePairs(float[] values, int first, int half, int entry, float[] rotated) {
    float[] cos = table.cos();
    float[] sin = table.sin();
    for (int i = 0; i < half; i++) {
      int at = first + 2 * i;
      rotated[at] = values[at] * cos[entry + i] - values[at + 1] * sin[entry + i];
      rotated[at + 1] = values[at + 1] * cos[entry + i] + values[at] * sin[entry + i];
    }
  }

  private void combine(Worker worker, int row) {
    float[] sum = worker.row;
    float[] term = worker.secondRow;
    int k = routing.k();
    Arrays.fill(sum, 0, width, 0);
    for (int rank = 0; rank < k; rank++) {
      int entry = row * k + rank;
      in.get(entry * width, term, 0, width);
      RowMath.addScaled(sum, term, width, routing.weights()[entry]);
    }
    out.get(row * width, term, 0, width);
    RowMath.add(term, sum, width);
    out.put(row * width, term, 0, width);
  }
}
