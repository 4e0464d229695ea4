package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.BFloat16;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.RouterSpec;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.DType;
import java.nio.FloatBuffer;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** The operations, row by row, each as its definition reads. */
final class ReferenceStream implements ComputeStream {
  private final DType activation;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private BooleanSupplier cancelled = () -> false;

  ReferenceStream(DType activation, OpenResources open) {
    this.activation = activation;
    this.open = open;
    this.ticket = open.opened("compute stream");
  }

  @Override
  public void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out) {
    HeapBuffer from = HeapBuffer.of(table);
    HeapBuffer to = HeapBuffer.of(out);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < hidden; i++) {
        to.put(
            DType.F32, (long) row * hidden + i, from.get(DType.BF16, (long) ids[row] * hidden + i));
      }
    }
  }

  @Override
  public void rmsNorm(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out) {
    norm(
        HeapBuffer.of(x),
        rows,
        width,
        HeapBuffer.of(weight),
        epsilon,
        activation,
        HeapBuffer.of(out));
  }

  @Override
  public void rmsNormFloat(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out) {
    norm(
        HeapBuffer.of(x),
        rows,
        width,
        HeapBuffer.of(weight),
        epsilon,
        DType.F32,
        HeapBuffer.of(out));
  }

  @Override
  public void headNorm(
      DeviceBuffer x, int rows, int heads, int headDim, DeviceBuffer weight, float epsilon) {
    HeapBuffer data = HeapBuffer.of(x);
    norm(data, rows * heads, headDim, HeapBuffer.of(weight), epsilon, DType.F32, data);
  }

  private void norm(
      HeapBuffer x,
      int rows,
      int width,
      HeapBuffer weight,
      float epsilon,
      DType type,
      HeapBuffer out) {
    for (int row = 0; row < rows; row++) {
      long from = (long) row * width;
      double squares = 0;
      for (int i = 0; i < width; i++) {
        double value = x.get(DType.F32, from + i);
        squares += value * value;
      }
      double factor = 1 / Math.sqrt(squares / width + epsilon);
      for (int i = 0; i < width; i++) {
        double value = x.get(DType.F32, from + i) * factor * weight.get(DType.F32, i);
        out.put(type, from + i, (float) value);
      }
    }
  }

  @Override
  public void matmul(
      DeviceBuffer x, int rows, Matrix weight, DeviceBuffer out, boolean accumulate) {
    int inputs = weight.layout().shape().inputs();
    int outputs = weight.layout().shape().outputs();
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    float[] input = new float[inputs];
    for (int row = 0; row < rows; row++) {
      checkCancelled();
      load(from, activation, (long) row * inputs, input);
      for (int output = 0; output < outputs; output++) {
        float sum = dot(input, weight, output);
        long at = (long) row * outputs + output;
        to.put(DType.F32, at, accumulate ? to.get(DType.F32, at) + sum : sum);
      }
    }
  }

  static void load(HeapBuffer from, DType type, long index, float[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] = from.get(type, index + i);
    }
  }

  private static float dot(float[] input, Matrix weight, int output) {
    MatrixLayout layout = weight.layout();
    HeapBuffer data = HeapBuffer.of(weight.data());
    long index =
        output / layout.blockOutputs() * (layout.blockStride() / 2)
            + (long) (output % layout.blockOutputs()) * input.length;
    return (float) data.dot(input, DType.BF16, index);
  }

  @Override
  public void rotary(DeviceBuffer x, int rows, int heads, int[] positions, RotaryTable table) {
    HeapBuffer data = HeapBuffer.of(x);
    int half = table.headDim() / 2;
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < heads; head++) {
        long from = ((long) row * heads + head) * table.headDim();
        for (int i = 0; i < half; i++) {
          float cos = table.cos()[positions[row] * half + i];
          float sin = table.sin()[positions[row] * half + i];
          float first = data.get(DType.F32, from + i);
          float second = data.get(DType.F32, from + half + i);
          data.put(DType.F32, from + i, first * cos - second * sin);
          data.put(DType.F32, from + half + i, second * cos + first * sin);
        }
      }
    }
  }

  @Override
  public void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    ReferenceAttention.write(
        (HeapKvStore) store, layer, HeapBuffer.of(keys), HeapBuffer.of(values), batch);
  }

  @Override
  public void attention(
      DeviceBuffer queries,
      int heads,
      KvStore store,
      int layer,
      AttentionBatch batch,
      float scale,
      DeviceBuffer out) {
    ReferenceAttention attention =
        new ReferenceAttention((HeapKvStore) store, layer, heads, scale, activation);
    for (AttentionBatch.Span span : batch.spans()) {
      for (int row = 0; row < span.rows(); row++) {
        checkCancelled();
        attention.row(HeapBuffer.of(queries), span, row, HeapBuffer.of(out));
      }
    }
  }

  @Override
  public void routeTopK(
      DeviceBuffer x, int rows, int hidden, DeviceBuffer weight, RouterSpec spec, Routing out) {
    ReferenceRouter.route(HeapBuffer.of(x), rows, hidden, HeapBuffer.of(weight), spec, out);
  }

  @Override
  public void experts(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out) {
    for (ExpertBatch batch : batches) {
      for (int token = 0; token < batch.tokens(); token++) {
        checkCancelled();
        feedForward(
            HeapBuffer.of(input),
            batch.inputRows()[token],
            batch.expert(),
            HeapBuffer.of(out),
            batch.outputRows()[token]);
      }
    }
  }

  private void feedForward(
      HeapBuffer input, int inputRow, Expert expert, HeapBuffer out, int outputRow) {
    Matrix gate = expert.gate();
    Matrix up = expert.up();
    Matrix down = expert.down();
    int hidden = gate.layout().shape().inputs();
    float[] x = new float[hidden];
    load(input, activation, (long) inputRow * hidden, x);
    float[] between = new float[gate.layout().shape().outputs()];
    for (int i = 0; i < between.length; i++) {
      float gated = dot(x, gate, i);
      double silu = gated / (1 + StrictMath.exp(-gated));
      between[i] = rounded((float) (silu * dot(x, up, i)));
    }
    for (int i = 0; i < hidden; i++) {
      out.put(DType.F32, (long) outputRow * hidden + i, dot(between, down, i));
    }
  }

  private float rounded(float value) {
    return activation == DType.BF16 ? BFloat16.round(value) : value;
  }

  @Override
  public void combine(
      DeviceBuffer expertOut, Routing routing, int rows, int width, DeviceBuffer hidden) {
    HeapBuffer from = HeapBuffer.of(expertOut);
    HeapBuffer to = HeapBuffer.of(hidden);
    int k = routing.k();
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i++) {
        float sum = 0;
        for (int rank = 0; rank < k; rank++) {
          int entry = row * k + rank;
          sum += routing.weights()[entry] * from.get(DType.F32, (long) entry * width + i);
        }
        long at = (long) row * width + i;
        to.put(DType.F32, at, to.get(DType.F32, at) + sum);
      }
    }
  }

  @Override
  public void gather(DeviceBuffer x, int[] rows, int count, int width, DeviceBuffer out) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < width; i++) {
        to.put(
            DType.F32, (long) row * width + i, from.get(DType.F32, (long) rows[row] * width + i));
      }
    }
  }

  @Override
  public FloatBuffer read(DeviceBuffer buffer, long offset, int count) {
    float[] values = new float[count];
    load(HeapBuffer.of(buffer), DType.F32, offset, values);
    return FloatBuffer.wrap(values);
  }

  @Override
  public void write(float[] values, DeviceBuffer target) {
    HeapBuffer to = HeapBuffer.of(target);
    for (int i = 0; i < values.length; i++) {
      to.put(DType.F32, i, values[i]);
    }
  }

  @Override
  public void cancelWhen(BooleanSupplier question) {
    cancelled = question;
  }

  private void checkCancelled() {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("the operation was cancelled");
    }
  }

  @Override
  public DeviceEvent record() {
    return DeviceEvent.REACHED;
  }

  @Override
  public void close() {
    open.closed(ticket);
  }
}
