package dev.drey.runtime.device.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.stream;

/** What one thread of a stream works with: its parts of the scratch memory and its heap rows. */
final class Worker implements AutoCloseable {
  final stream queue;
  final long scratchpad;

  /** A tile of matmul inputs. */
  final Tile input;

  /** A tile of activations between an expert's projections. */
  final Tile between;

  /** Float32 results of a product on a tile. */
  final long outputAt;

  final FloatBuffer output;

  /** Results of the up projection, the multiplier of the gate projection. */
  final long upAt;

  final FloatBuffer up;

  /** A tile of queries, of attention results, and its scores. */
  final long queryAt;

  final FloatBuffer query;
  final long attendedAt;
  final FloatBuffer attended;
  final long scoresAt;
  final FloatBuffer scores;

  final float[] heapScores;

  /** The largest score of each row of an attention tile. */
  final float[] maxima;

  /** Rows on the heap; grown to the widest row seen. */
  float[] row = new float[0];

  float[] secondRow = new float[0];
  float[] thirdRow = new float[0];

  private final ExpKernels exp;
  private final int outputFloats;
  private short[] rounded = new short[0];

  Worker(engine cpu, StreamPlan plan, Scratch scratch) {
    long[] parts = Scratch.workerParts(plan);
    this.queue = new stream(cpu);
    this.scratchpad = scratch.take(parts[0]).address();
    this.input = Tile.of(scratch.take(parts[1]), plan.activation());
    this.between = Tile.of(scratch.take(parts[2]), plan.activation());
    Scratch.Part outputPart = scratch.take(parts[3]);
    this.outputAt = outputPart.address();
    this.output = outputPart.floats();
    Scratch.Part upPart = scratch.take(parts[4]);
    this.upAt = upPart.address();
    this.up = upPart.floats();
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
    this.maxima = new float[plan.attentionRows()];
    this.outputFloats = plan.outputFloats();
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
      thirdRow = new float[width];
      rounded = new short[width];
    }
  }

  /** Reads numbers to the start of {@code into}, no more than the heap rows are wide. */
  void load(NumberView source, int index, float[] into, int count) {
    source.get(index, into, count, rounded);
  }

  /** Writes numbers, no more than the heap rows are wide. */
  void store(float[] values, int from, int count, NumberView target, int index) {
    target.put(index, values, from, count, rounded);
  }

  /** Replaces float32 numbers in scratch memory, a multiple of {@link ExpKernels#UNIT}. */
  void exp(long at, int count) {
    exp.run(at, count);
  }

  /** Replaces the first numbers by their sigmoid. What {@link #output} holds is lost. */
  void sigmoid(float[] values, int count) {
    RowMath.scale(values, 0, count, -1);
    exp(values, count);
    for (int i = 0; i < count; i++) {
      values[i] = 1 / (1 + values[i]);
    }
  }

  /** Replaces the first numbers by their exponential. What {@link #output} holds is lost. */
  void exp(float[] values, int count) {
    for (int from = 0; from < count; from += outputFloats) {
      int part = Math.min(outputFloats, count - from);
      output.put(0, values, from, part);
      exp.run(outputAt, ExpKernels.padded(part));
      output.get(0, values, from, part);
    }
  }

  @Override
  public void close() {
    exp.close();
    queue.close();
  }
}
