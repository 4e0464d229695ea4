package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Routing;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;

/**
 * Operations that treat each row on its own, in Java. Rows are copied to the heap, where loops over
 * arrays become vector instructions. A piece of work is a run of rows of about {@value
 * #PIECE_NUMBERS} numbers.
 */
final class RowOperations implements ThreadTeam.Work {
  private enum Operation {
    NORM,
    NORM_FLOAT,
    HEAD_NORM,
    ROTARY,
    COMBINE,
    GATHER
  }

  private static final int PIECE_NUMBERS = 16_384;

  private final StreamState state;

  private Operation operation = Operation.NORM;
  private int rows;
  private int rowsPerPiece;
  private int width;
  private FloatBuffer in = FloatBuffer.allocate(0);
  private FloatBuffer out = FloatBuffer.allocate(0);
  private ShortBuffer outShorts = ShortBuffer.allocate(0);
  private float[] weights = new float[0];
  private float epsilon;
  private int headDim;
  private int[] indices = {};
  private RotaryTable table = RotaryTable.plain(2, 1, 1);
  private Routing routing = new Routing(0, 1);

  RowOperations(StreamState state) {
    this.state = state;
  }

  void norm(
      DeviceBuffer x, int count, int size, DeviceBuffer weight, float eps, DeviceBuffer target) {
    operation = Operation.NORM;
    epsilon = eps;
    load(weight, size, size);
    NativeBuffer buffer =
        NativeBuffer.of(target, (long) count * size * state.plan().activation().bytes());
    if (state.plan().activation().bytes() == Short.BYTES) {
      outShorts = buffer.shorts();
    } else {
      out = buffer.floats();
    }
    start(x, count, size);
  }

  void normFloat(
      DeviceBuffer x, int count, int size, DeviceBuffer weight, float eps, DeviceBuffer target) {
    operation = Operation.NORM_FLOAT;
    epsilon = eps;
    load(weight, size, size);
    out = floats(target, count, size);
    start(x, count, size);
  }

  void headNorm(DeviceBuffer x, int count, int heads, int size, DeviceBuffer weight, float eps) {
    operation = Operation.HEAD_NORM;
    epsilon = eps;
    headDim = size;
    load(weight, heads * size, size);
    start(x, count, heads * size);
  }

  void rotary(DeviceBuffer x, int count, int heads, int[] positions, RotaryTable rotary) {
    operation = Operation.ROTARY;
    headDim = rotary.headDim();
    indices = positions;
    table = rotary;
    start(x, count, heads * headDim);
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

  /** Takes {@code period} weights and repeats them for a row, so that indices agree. */
  private void load(DeviceBuffer weight, int size, int period) {
    if (weights.length < size) {
      weights = new float[size];
    }
    floats(weight, 1, period).get(0, weights, 0, period);
    for (int i = period; i < size; i++) {
      weights[i] = weights[i - period];
    }
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
        case NORM, NORM_FLOAT -> norm(worker, row);
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
    normalise(values, 0, width);
    if (operation == Operation.NORM_FLOAT) {
      out.put(row * width, values, 0, width);
    } else {
      worker.store(values, 0, width, out, outShorts, row * width);
    }
  }

  private void headNorm(Worker worker, int row) {
    float[] values = worker.row;
    in.get(row * width, values, 0, width);
    for (int head = 0; head < width; head += headDim) {
      normalise(values, head, headDim);
    }
    in.put(row * width, values, 0, width);
  }

  private void normalise(float[] values, int from, int count) {
    float mean = RowMath.sumOfSquares(values, from, count) / count;
    float factor = (float) (1 / Math.sqrt(mean + epsilon));
    for (int i = from; i < from + count; i++) {
      values[i] = values[i] * factor * weights[i];
    }
  }

  private void rotary(Worker worker, int row) {
    float[] values = worker.row;
    float[] rotated = worker.secondRow;
    int half = headDim / 2;
    int entry = indices[row] * half;
    in.get(row * width, values, 0, width);
    for (int head = 0; head < width; head += headDim) {
      rotate(values, head, half, entry, rotated);
    }
    in.put(row * width, rotated, 0, width);
  }

  private void rotate(float[] values, int first, int half, int entry, float[] rotated) {
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
