package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GatedUnit;
import dev.drey.runtime.model.NormConfig;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The operations, row by row, each as its definition reads. */
final class ReferenceStream implements ComputeStream {
  private final DType activation;
  private final GatedUnit unit;
  private final OpenResources open;
  private final OpenResources.Ticket ticket;
  private BooleanSupplier cancelled = () -> false;

  ReferenceStream(DType activation, GatedUnit unit, OpenResources open) {
    this.activation = activation;
    this.unit = unit;
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
  public void norm(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    norm(HeapBuffer.of(x), rows, width, norm, activation, HeapBuffer.of(out));
  }

  @Override
  public void normFloat(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    norm(HeapBuffer.of(x), rows, width, norm, DType.F32, HeapBuffer.of(out));
  }

  @Override
  public void headNorm(DeviceBuffer x, int rows, int heads, int headDim, Norm norm) {
    HeapBuffer data = HeapBuffer.of(x);
    norm(data, rows * heads, headDim, norm, DType.F32, data);
  }

  private static void norm(
      HeapBuffer x, int rows, int width, Norm norm, DType type, HeapBuffer out) {
    float[] row = new float[width];
    for (int i = 0; i < rows; i++) {
      load(x, DType.F32, (long) i * width, row);
      normalise(row, norm);
      for (int j = 0; j < width; j++) {
        out.put(type, (long) i * width + j, row[j]);
      }
    }
  }

  static void normalise(float[] row, Norm norm) {
    HeapBuffer weight = HeapBuffer.of(norm.weight());
    double mean = 0;
    if (norm.kind() == NormConfig.Kind.LAYER) {
      for (float value : row) {
        mean += value;
      }
      mean /= row.length;
    }
    double squares = 0;
    for (float value : row) {
      squares += (value - mean) * (value - mean);
    }
    double factor = 1 / Math.sqrt(squares / row.length + norm.epsilon());
    for (int i = 0; i < row.length; i++) {
      double offset = norm.bias() == null ? 0 : HeapBuffer.of(norm.bias()).get(DType.F32, i);
      row[i] = (float) ((row[i] - mean) * factor * weight.get(DType.F32, i) + offset);
    }
  }

  @Override
  public void matmul(
      DeviceBuffer x,
      int rows,
      Matrix weight,
      @Nullable DeviceBuffer bias,
      DeviceBuffer out,
      boolean accumulate) {
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
        sum += bias == null ? 0 : HeapBuffer.of(bias).get(DType.F32, output);
        long at = (long) row * outputs + output;
        to.put(DType.F32, at, accumulate ? to.get(DType.F32, at) + sum : sum);
      }
    }
  }

  @Override
  public void headMatmul(
      DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer out, int outStride) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    int heads = weights.size();
    int inputs = weights.get(0).layout().shape().inputs();
    int outputs = weights.get(0).layout().shape().outputs();
    float[] input = new float[inputs];
    for (int row = 0; row < rows; row++) {
      checkCancelled();
      for (int head = 0; head < heads; head++) {
        long part = (long) row * heads + head;
        load(from, DType.F32, part * inputs, input);
        for (int i = 0; i < inputs; i++) {
          input[i] = rounded(input[i]);
        }
        for (int output = 0; output < outputs; output++) {
          to.put(DType.F32, part * outStride + output, dot(input, weights.get(head), output));
        }
      }
    }
  }

  @Override
  public void copyHeads(
      DeviceBuffer x,
      int rows,
      int heads,
      int width,
      DeviceBuffer out,
      int outStride,
      int outOffset) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    for (long part = 0; part < (long) rows * heads; part++) {
      for (int i = 0; i < width; i++) {
        to.put(DType.F32, part * outStride + outOffset + i, from.get(DType.F32, part * width + i));
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
  public void toActivations(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    for (long i = 0; i < (long) rows * width; i++) {
      to.put(activation, i, from.get(DType.F32, i));
    }
  }

  @Override
  public void remainders(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(out);
    for (long i = 0; i < (long) rows * width; i++) {
      float value = from.get(DType.F32, i);
      to.put(activation, i, value - rounded(value));
    }
  }

  @Override
  public void rotary(
      DeviceBuffer x, int rows, int heads, int headDim, int[] tableRows, RotaryTable table) {
    HeapBuffer data = HeapBuffer.of(x);
    int half = table.dims() / 2;
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < heads; head++) {
        long from = ((long) row * heads + head) * headDim;
        for (int i = 0; i < half; i++) {
          float cos = table.cos()[tableRows[row] * half + i];
          float sin = table.sin()[tableRows[row] * half + i];
          long one = from + (table.interleaved() ? 2 * i : i);
          long other = table.interleaved() ? one + 1 : one + half;
          float first = data.get(DType.F32, one);
          float second = data.get(DType.F32, other);
          data.put(DType.F32, one, first * cos - second * sin);
          data.put(DType.F32, other, second * cos + first * sin);
        }
      }
    }
  }

  @Override
  public void clamp(DeviceBuffer x, int rows, int width, float limit) {
    HeapBuffer data = HeapBuffer.of(x);
    for (long i = 0; i < (long) rows * width; i++) {
      data.put(DType.F32, i, Math.max(-limit, Math.min(limit, data.get(DType.F32, i))));
    }
  }

  @Override
  public void scaleRows(DeviceBuffer x, int rows, int width, float[] factors) {
    HeapBuffer data = HeapBuffer.of(x);
    for (long i = 0; i < (long) rows * width; i++) {
      data.put(DType.F32, i, data.get(DType.F32, i) * factors[(int) (i / width)]);
    }
  }

  @Override
  public void addScaled(DeviceBuffer x, int rows, int width, float factor, DeviceBuffer target) {
    HeapBuffer from = HeapBuffer.of(x);
    HeapBuffer to = HeapBuffer.of(target);
    for (long i = 0; i < (long) rows * width; i++) {
      to.put(DType.F32, i, to.get(DType.F32, i) + factor * from.get(DType.F32, i));
    }
  }

  @Override
  public void sigmoidGate(DeviceBuffer gate, int rows, int width, DeviceBuffer x, DType type) {
    HeapBuffer gates = HeapBuffer.of(gate);
    HeapBuffer data = HeapBuffer.of(x);
    for (long i = 0; i < (long) rows * width; i++) {
      double factor = sigmoid(gates.get(DType.F32, i));
      data.put(type, i, (float) (data.get(type, i) * factor));
    }
  }

  static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  @Override
  public void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    ReferenceAttention.write(
        (HeapKvStore) store, layer, HeapBuffer.of(keys), HeapBuffer.of(values), batch);
  }

  @Override
  public void copyKv(KvStore from, KvStore to, int[] blocks, int count) {
    for (int i = 0; i < count; i++) {
      ((HeapKvStore) to).copyBlock((HeapKvStore) from, blocks[i]);
    }
  }

  @Override
  public void attention(
      DeviceBuffer queries,
      AttentionSpec spec,
      KvStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    ReferenceAttention attention =
        new ReferenceAttention((HeapKvStore) store, layer, spec, activation);
    for (AttentionBatch.Span span : batch.spans()) {
      for (int row = 0; row < span.rows(); row++) {
        checkCancelled();
        attention.row(HeapBuffer.of(queries), span, row, HeapBuffer.of(out));
      }
    }
  }

  @Override
  public void gatedDelta(
      DeltaInput input,
      DeltaWeights weights,
      StateStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    ReferenceDelta delta = new ReferenceDelta(weights, (HeapStateStore) store, layer, activation);
    for (AttentionBatch.Span span : batch.spans()) {
      for (int row = 0; row < span.rows(); row++) {
        checkCancelled();
        delta.token(input, span, row, HeapBuffer.of(out));
      }
    }
  }

  @Override
  public void routeTopK(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    new ReferenceRouter(router).route(HeapBuffer.of(x), rows, hidden, out);
  }

  @Override
  public void experts(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out) {
    for (ExpertBatch batch : batches) {
      for (int token = 0; token < batch.tokens(); token++) {
        checkCancelled();
        feedForward(HeapBuffer.of(input), batch, token, HeapBuffer.of(out));
      }
    }
  }

  private void feedForward(HeapBuffer input, ExpertBatch batch, int token, HeapBuffer out) {
    Matrix gate = batch.expert().gate();
    Matrix up = batch.expert().up();
    Matrix down = batch.expert().down();
    ExpertBias bias = batch.bias();
    int hidden = gate.layout().shape().inputs();
    float[] x = new float[hidden];
    load(input, activation, (long) batch.inputRows()[token] * hidden, x);
    if (batch.inputScales() != null) {
      for (int i = 0; i < hidden; i++) {
        x[i] = rounded(x[i] * batch.inputScales()[token]);
      }
    }
    float[] between = new float[gate.layout().shape().outputs()];
    for (int i = 0; i < between.length; i++) {
      between[i] =
          rounded(
              activate(
                  dot(x, gate, i) + biasAt(bias == null ? null : bias.gate(), i),
                  dot(x, up, i) + biasAt(bias == null ? null : bias.up(), i)));
    }
    for (int i = 0; i < hidden; i++) {
      out.put(
          DType.F32,
          (long) batch.outputRows()[token] * hidden + i,
          dot(between, down, i) + biasAt(bias == null ? null : bias.down(), i));
    }
  }

  private static float biasAt(@Nullable DeviceBuffer bias, int index) {
    return bias == null ? 0 : HeapBuffer.of(bias).get(DType.F32, index);
  }

  private float activate(float gate, float up) {
    if (unit.limit() > 0) {
      gate = Math.min(gate, unit.limit());
      up = Math.max(-unit.limit(), Math.min(unit.limit(), up));
    }
    return (float) ((up + unit.shift()) * (gate * sigmoid((double) unit.alpha() * gate)));
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
