package dev.drey.runtime.device.cuda;

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
import dev.drey.runtime.model.DType;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The operations; each returns when it is issued, those that hand numbers to the host when done.
 */
final class CudaStream implements ComputeStream {
  private static final int EXPERTS_PER_CALL = 128;

  private final StreamState state;
  private final ElementOperations elements;
  private final RowOperations rowOperations;
  private final Projections projections;
  private final FeedForwards feedForwards;
  private final Attention attention;
  private final GatedDelta gatedDelta;
  private final TopK topK;
  private final Runnable onClose;

  CudaStream(StreamState state, int processors, Runnable onClose) {
    this.state = state;
    Products products = new Products(state);
    this.elements = new ElementOperations(state);
    this.rowOperations = new RowOperations(state);
    this.projections = new Projections(state, products);
    this.feedForwards = new FeedForwards(state, products);
    this.attention = new Attention(state, processors);
    this.gatedDelta = new GatedDelta(state);
    this.topK = new TopK(state, products);
    this.onClose = onClose;
  }

  /** Makes the context current; false if there are no rows, for which nothing is launched. */
  private boolean begins(int rows) {
    state.enter();
    return rows > 0;
  }

  @Override
  public void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out) {
    if (begins(rows)) {
      rowOperations.embed(table, ids, rows, hidden, out);
    }
  }

  @Override
  public void norm(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    if (begins(rows)) {
      rowOperations.norm(x, rows, width, norm, state.activation(), out);
    }
  }

  @Override
  public void normFloat(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out) {
    if (begins(rows)) {
      rowOperations.norm(x, rows, width, norm, DType.F32, out);
    }
  }

  @Override
  public void headNorm(DeviceBuffer x, int rows, int heads, int headDim, Norm norm) {
    if (begins(rows)) {
      rowOperations.norm(x, (long) rows * heads, headDim, norm, DType.F32, x);
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
    if (begins(rows)) {
      state.checkCancelled();
      projections.matmul(x, rows, weight, bias, out, accumulate);
    }
  }

  @Override
  public void headMatmul(
      DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer out, int outStride) {
    if (begins(rows)) {
      state.checkCancelled();
      projections.headMatmul(x, rows, weights, out, outStride);
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
    if (begins(rows)) {
      elements.copyHeads(x, rows, heads, width, out, outStride, outOffset);
    }
  }

  @Override
  public void toActivations(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    if (begins(rows)) {
      elements.toActivations(x, rows, width, out);
    }
  }

  @Override
  public void remainders(DeviceBuffer x, int rows, int width, DeviceBuffer out) {
    if (begins(rows)) {
      elements.remainders(x, rows, width, out);
    }
  }

  @Override
  public void rotary(
      DeviceBuffer x, int rows, int heads, int headDim, int[] tableRows, RotaryTable table) {
    if (begins(rows)) {
      elements.rotary(x, rows, heads, headDim, tableRows, table);
    }
  }

  @Override
  public void clamp(DeviceBuffer x, int rows, int width, float limit) {
    if (begins(rows)) {
      elements.clamp(x, rows, width, limit);
    }
  }

  @Override
  public void scaleRows(DeviceBuffer x, int rows, int width, float[] factors) {
    if (begins(rows)) {
      elements.scaleRows(x, rows, width, factors);
    }
  }

  @Override
  public void addScaled(DeviceBuffer x, int rows, int width, float factor, DeviceBuffer target) {
    if (begins(rows)) {
      elements.addScaled(x, rows, width, factor, target);
    }
  }

  @Override
  public void sigmoidGate(DeviceBuffer gate, int rows, int width, DeviceBuffer x, DType type) {
    if (begins(rows)) {
      elements.sigmoidGate(gate, rows, width, x, type);
    }
  }

  @Override
  public void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch) {
    state.enter();
    attention.write(CudaKvStore.of(store), layer, keys, values, batch);
  }

  @Override
  public void copyKv(KvStore from, KvStore to, int[] blocks, int count) {
    state.enter();
    for (int i = 0; i < count; i++) {
      CudaKvStore.of(to).copyBlock(CudaKvStore.of(from), blocks[i], state.queue());
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
    state.enter();
    attention.attend(queries, spec, CudaKvStore.of(store), layer, batch, out);
  }

  @Override
  public void gatedDelta(
      DeltaInput input,
      DeltaWeights weights,
      StateStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    state.enter();
    gatedDelta.run(input, weights, CudaStateStore.of(store), layer, batch, out);
  }

  @Override
  public void routeTopK(DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    if (begins(rows)) {
      topK.run(x, rows, hidden, router, out);
    }
  }

  @Override
  public PendingRouting startRoutings(
      DeviceBuffer x, int rows, int hidden, List<Router> routers, List<Routing> out) {
    PendingRouting started = begins(rows) ? topK.start(x, rows, hidden, routers, out) : null;
    return started == null
        ? ComputeStream.super.startRoutings(x, rows, hidden, routers, out)
        : started;
  }

  /** As many as there may be: a launch takes them all, and slots become free by its event. */
  @Override
  public int expertsPerCall() {
    return EXPERTS_PER_CALL;
  }

  @Override
  public void experts(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out) {
    state.enter();
    feedForwards.run(input, batches, out);
  }

  @Override
  public void combine(
      DeviceBuffer expertOut, Routing routing, int rows, int width, DeviceBuffer hidden) {
    if (begins(rows)) {
      rowOperations.combine(expertOut, routing, rows, width, hidden);
    }
  }

  @Override
  public void gather(DeviceBuffer x, int[] rows, int count, int width, DeviceBuffer out) {
    if (begins(count)) {
      rowOperations.gather(x, rows, count, width, out);
    }
  }

  @Override
  public FloatBuffer read(DeviceBuffer buffer, long offset, int count) {
    state.enter();
    long at = CudaBuffer.address(buffer, (offset + count) * Float.BYTES) + offset * Float.BYTES;
    return state.readBack().floats(at, count);
  }

  @Override
  public void write(float[] values, DeviceBuffer target) {
    state.enter();
    long to = CudaBuffer.address(target, (long) values.length * Float.BYTES);
    state.tables().copy(values, 0, values.length, to);
    state.queue().synchronize();
  }

  @Override
  public void cancelWhen(BooleanSupplier cancelled) {
    state.cancelWhen(cancelled);
  }

  @Override
  public DeviceEvent record() {
    state.enter();
    return state.queue().mark();
  }

  @Override
  public void waitFor(DeviceEvent point) {
    state.enter();
    state.queue().waitFor(point);
  }

  @Override
  public void close() {
    state.close();
    onClose.run();
  }
}
