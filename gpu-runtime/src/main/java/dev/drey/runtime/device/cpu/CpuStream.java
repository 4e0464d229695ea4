package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.Router;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The operations; each returns when it is done. */
final class CpuStream implements ComputeStream {
  private final StreamState state;
  private final RowOperations rowOperations;
  private final ElementOperations elementOperations;
  private final Projections projections;
  private final HeadProjections headProjections;
  private final FeedForwards feedForwards;
  private final KvWriter kvWriter;
  private final @Nullable Attention attention;
  private final GatedDelta gatedDelta;
  private final TopK topK;
  private final Runnable onClose;

  CpuStream(StreamState state, Runnable onClose) {
    this.state = state;
    this.rowOperations = new RowOperations(state);
    this.elementOperations = new ElementOperations(state);
    this.projections = new Projections(state);
    this.headProjections = new HeadProjections(state);
    this.feedForwards = new FeedForwards(state);
    this.kvWriter = new KvWriter(state);
    AttentionShape shape = state.plan().attention();
    this.attention = shape == null ? null : new Attention(state, shape);
    this.gatedDelta = new GatedDelta(state);
    this.topK = new TopK(state);
    this.onClose = onClose;
  }

  @Override
  public void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out) {
    NativeBuffer from = NativeBuffer.of(table);
    FloatBuffer to = NativeBuffer.of(out, 4L * rows * hidden).floats();
    float[] row = state.worker(0).row(hidden);
    for (int r = 0; r < rows; r++) {
      long at = (long) ids[r] * hidden * Short.BYTES;
      if (at < 0 || at + (long) hidden * Short.BYTES > from.bytes()) {
        throw new IndexOutOfBoundsException(
            "token id %d; the embedding has %d rows"
                .formatted(ids[r], from.bytes() / Short.BYTES / hidden));
      }
      ByteBuffer segment = from.segment(at);
      int within = from.within(at);
      for (int i = 0; i < hidden; i++) {
        row[i] = BFloat16.fromBits(segment.getShort(within + i * Short.BYTES));
      }
      to.put(r * hidden, row, 0, hidden);
    }
  }

  @Override
  public void norm(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    rowOperations.norm(x, rows, width, norm, state.plan().activation(), out);
  }

  @Override
  public void normFloat(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    rowOperations.norm(x, rows, width, norm, DType.F32, out);
  }

  @Override
  public void headNorm(DeviceBuffer x, int rows, int heads, int headDim, Norm norm) {
    rowOperations.headNorm(x, rows, heads, headDim, norm);
  }

  @Override
  public void matmul(
      DeviceBuffer x,
      int rows,
      Matrix weight,
      @Nullable DeviceBuffer bias,
      DeviceBuffer out,
      boolean accumulate) {
    projections.run(x, rows, weight, bias, out, accumulate);
  }

  @Override
  public void headMatmul(
      DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer out, int outStride) {
    headProjections.run(x, rows, weights, out, outStride);
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
    elementOperations.copyHeads(x, rows, heads, width, out, outStride, outOffset);
  }

  @Override
  public void toActivations(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    elementOperations.toActivations(x, rows, width, out);
  }

  @Override
  public void remainders(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    elementOperations.remainders(x, rows, width, out);
  }

  @Override
  public void rotary(
      DeviceBuffer x, int rows, int heads, int headDim, int[] tableRows, RotaryTable table) {
    rowOperations.rotary(x, rows, heads, headDim, tableRows, table);
  }

  @Override
  public void clamp(DeviceBuffer x, int rows, int width, float limit) {
    elementOperations.clamp(x, rows, width, limit);
  }

  @Override
  public void scaleRows(DeviceBuffer x, int rows, int width, float[] factors) {
    elementOperations.scaleRows(x, rows, width, factors);
  }

  @Override
  public void addScaled(DeviceBuffer x, int rows, int width, float factor, DeviceBuffer target) {
    elementOperations.addScaled(x, rows, width, factor, target);
  }

  @Override
  public void sigmoidGate(DeviceBuffer gate, int rows, int width, DeviceBuffer x, DType type) {
    elementOperations.sigmoidGate(gate, rows, width, x, type);
  }

  @Override
  public void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    kvWriter.run(storeOf(store), layer, keys, values, batch);
  }

  @Override
  public void copyKv(KvStore from, KvStore to, int[] blocks, int count) {
    for (int i = 0; i < count; i++) {
      storeOf(to).copyBlock(storeOf(from), blocks[i]);
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
    if (attention == null) {
      throw new IllegalStateException("no layer of this model has softmax attention");
    }
    attention.run(queries, spec, storeOf(store), layer, batch, out);
  }

  @Override
  public void gatedDelta(
      DeltaInput input,
      DeltaWeights weights,
      StateStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    if (!(store instanceof CpuStateStore cpuStore)) {
      throw new IllegalArgumentException(
          "the cpu device was given a state store of another device: "
              + store.getClass().getName());
    }
    gatedDelta.run(input, weights, cpuStore, layer, batch, out);
  }

  private static CpuKvStore storeOf(KvStore store) {
    if (store instanceof CpuKvStore cpuStore) {
      return cpuStore;
    }
    throw new IllegalArgumentException(
        "the cpu device was given a KV store of another device: " + store.getClass().getName());
  }

  @Override
  public void routeTopK(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    topK.run(x, rows, hidden, router, out);
  }

  @Override
  public void experts(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out) {
    feedForwards.run(input, batches, out);
  }

  @Override
  public void combine(
      DeviceBuffer expertOut, Routing routing, int rows, int width, DeviceBuffer hidden) {
    rowOperations.combine(expertOut, routing, rows, width, hidden);
  }

  @Override
  public void gather(DeviceBuffer x, int[] rows, int count, int width, DeviceBuffer out) {
    rowOperations.gather(x, rows, count, width, out);
  }

  @Override
  public FloatBuffer read(DeviceBuffer buffer, long offset, int count) {
    FloatBuffer all = NativeBuffer.of(buffer, 4 * (offset + count)).floats();
    return all.slice(Math.toIntExact(offset), count).asReadOnlyBuffer();
  }

  @Override
  public void write(float[] values, DeviceBuffer target) {
    NativeBuffer.of(target, 4L * values.length).floats().put(0, values, 0, values.length);
  }

  @Override
  public void cancelWhen(BooleanSupplier cancelled) {
    state.cancelWhen(cancelled);
  }

  /** Always reached: every operation returns when it is done. */
  @Override
  public DeviceEvent record() {
    return DeviceEvent.REACHED;
  }

  @Override
  public void close() {
    state.close();
    onClose.run();
  }
}
