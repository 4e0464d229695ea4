package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.stream;

/** What one thread of a stream works with: its parts of the scratch memory and its heap rows. */
final class Worker implements AutoCloseable {
  final stream queue;
  final long scratchpad;

  /** A tile of matmul inputs. */
  final Scratch.Part input;

  /** A tile of activations between an expert's projections. */
  final Scratch.Part between;

  /** Float32 results of a product on a tile. */
  final long outputAt;

  final FloatBuffer output;

  /** Results of the up projection, the multiplier of the gate projection. */
  final long upAt;

  /** A tile of queries, of attention results, and its scores. */
  final long queryAt;

  final FloatBuffer query;
  final long attendedAt;
  final FloatBuffer attended;
  final long scoresAt;
  final FloatBuffer scores;

  final float[] heapScores;

  final ExpKernels exp;

  /** Rows on the heap; grown to the widest row seen. */
  float[] row = new float[0];

  float[] secondRow = new float[0];

  private final DType activation;
  private short[] rounded = new short[0];

  Worker(engine cpu, StreamPlan plan, Scratch scratch) {
    long[] parts = Scratch.workerParts(plan);
    this.queue = new stream(cpu);
    this.scratchpad = scratch.take(parts[0]).address();
    this.input = scratch.take(parts[1]);
    this.between = scratch.take(parts[2]);
    Scratch.Part outputPart = scratch.take(parts[3]);
    this.outputAt = outputPart.address();
    this.output = outputPart.floats();
    this.upAt = scratch.take(parts[4]).address();
    Scratch.Part queryPart = scratch.take(parts[5]);
    this.queryAt = queryPart.address();
    this.query = queryPart.floats();
    Scratch.Part attendedPart = scratch.take(parts[6]);
    this.attendedAt = attendedPart.address();
    this.attended = attendedPart.floats();
    Scratch.Part scoresPart = scratch.take(parts[7]);
    this.scoresAt = scoresPart.address();
    this.scores = scoresPart.floats();
    this.heapScores = new float[plan.scores()];
    this.activation = plan.activation();
    this.exp = new ExpKernels(cpu, queue);
  }

  /** The first heap row, at least so wide. */
  float[] row(int width) {
    widen(width);
    return row;
  }

  /** Makes the heap rows at least so wide. */
  void widen(int width) {
    if (row.length < width) {
      row = new float[width];
      secondRow = new float[width];
      rounded = new short[width];
    }
  }

  /**
   * Stores numbers as activations.
   *
   * @param floats view of the target, used where activations are float32
   * @param shorts view of the same, used where they are bfloat16
   * @param index where the first goes, in elements
   */
  void store(
      float[] values, int from, int count, FloatBuffer floats, ShortBuffer shorts, int index) {
    if (activation == DType.F32) {
      floats.put(index, values, from, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      rounded[i] = BFloat16.toBits(values[from + i]);
    }
    shorts.put(index, rounded, 0, count);
  }

  @Override
  public void close() {
    exp.close();
    queue.close();
  }
}
