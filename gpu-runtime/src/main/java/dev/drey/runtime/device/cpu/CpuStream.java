package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.RotaryTable;
import dev.drey.runtime.device.RouterSpec;
import dev.drey.runtime.device.Routing;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The operations; each returns when it is done. */
final class CpuStream implements ComputeStream {
  private final StreamState state;
  private final RowOperations rowOperations;
  private final Projections projections;
  private final FeedForwards feedForwards;
  private final KvWriter kvWriter;
  private final Attention attention;
  private final @Nullable TopK topK;
  private final Runnable onClose;

  CpuStream(StreamState state, Runnable onClose) {
    this.state = state;
    this.rowOperations = new RowOperations(state);
    this.projections = new Projections(state);
    this.feedForwards = new FeedForwards(state);
    this.kvWriter = new KvWriter(state);
    this.attention = new Attention(state);
    this.topK = state.plan().model().moeLayers() > 0 ? new TopK(state) : null;
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
  public void rmsNorm(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out) {
    rowOperations.norm(x, rows, width, weight, epsilon, out);
  }

  @Override
  public void rmsNormFloat(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out) {
    rowOperations.normFloat(x, rows, width, weight, epsilon, out);
  }

  @Override
  public void matmul(
      DeviceBuffer x, int rows, Matrix weight, DeviceBuffer out, boolean accumulate) {
    projections.run(x, rows, weight, out, accumulate);
  }

  @Override
  public void headNorm(
      DeviceBuffer x, int rows, int heads, int headDim, DeviceBuffer weight, float epsilon) {
    rowOperations.headNorm(x, rows, heads, headDim, weight, epsilon);
  }

  @Override
  public void rotary(DeviceBuffer x, int rows, int heads, int[] positions, RotaryTable table) {
    rowOperations.rotary(x, rows, heads, positions, table);
  }

  @Override
  public void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    kvWriter.run(storeOf(store), layer, keys, values, batch);
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
    attention.run(queries, heads, storeOf(store), layer, batch, scale, out);
  }

  private static CpuKvStore storeOf(KvStore store) {
    if (store instanceof CpuKvStore cpuStore) {
      return cpuStore;
    }
    throw new IllegalArgumentException(
        "the cpu device was given a KV store of another device: " + store.getClass().getName());
  }

  @Override
  public void routeTopK(
      DeviceBuffer x, int rows, int hidden, DeviceBuffer weight, RouterSpec spec, Routing out) {
    if (topK == null) {
      throw new IllegalStateException("this model has no layer that routes to experts");
    }
    topK.run(x, rows, hidden, weight, spec, out);
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
