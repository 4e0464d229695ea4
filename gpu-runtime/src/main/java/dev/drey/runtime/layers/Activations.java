package dev.drey.runtime.layers;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** The buffers a step's numbers live in, allocated once for the largest step. Owns them. */
public final class Activations implements AutoCloseable {
  private final List<DeviceBuffer> owned = new ArrayList<>();
  private final Device device;
  private final MemoryBudget budget;
  private final int rowBytes;

  /** Residual stream, float32 {@code [rows, hidden]}. */
  final DeviceBuffer hidden;

  /** Normalised residual stream, activation type {@code [rows, hidden]}. */
  final DeviceBuffer normed;

  /** The same in float32 for the router, {@code [rows, hidden]}. */
  final DeviceBuffer routerInput;

  /** Queries, float32 {@code [rows, heads * headDim]}. */
  final DeviceBuffer queries;

  /** Keys, float32 {@code [rows, kvHeads * headDim]}. */
  final DeviceBuffer keys;

  /** Values, float32 {@code [rows, kvHeads * headDim]}. */
  final DeviceBuffer values;

  /** Attention output, activation type {@code [rows, heads * headDim]}. */
  final DeviceBuffer attended;

  /** Expert outputs, float32 {@code [rows * k, hidden]}, row {@code token * k + rank}. */
  final DeviceBuffer expertOut;

  /** Logits of one chunk of rows, float32 {@code [logitRows, vocabulary]}. */
  final DeviceBuffer logits;

  /** Most rows whose logits are computed at a time. */
  final int logitRows;

  /**
   * Allocates the buffers.
   *
   * @param budget charged with {@link #bytes}
   */
  public Activations(
      Device device, MemoryBudget budget, ModelConfig model, ComputeType compute, int maxRows) {
    this.device = device;
    this.budget = budget;
    Sizes sizes = new Sizes(model, compute, maxRows);
    this.logitRows = sizes.logitRows;
    this.rowBytes = model.hidden() * Float.BYTES;
    try {
      hidden = allocate(sizes.hiddenFloat);
      normed = allocate(sizes.hiddenActivation);
      routerInput = allocate(sizes.hiddenFloat);
      queries = allocate(sizes.queries);
      keys = allocate(sizes.keys);
      values = allocate(sizes.keys);
      attended = allocate(sizes.attended);
      expertOut = allocate(sizes.expertOut);
      logits = allocate(sizes.logits);
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /** Bytes the constructor will reserve. */
  public static long bytes(ModelConfig model, ComputeType compute, int maxRows) {
    Sizes sizes = new Sizes(model, compute, maxRows);
    return 2 * sizes.hiddenFloat
        + sizes.hiddenActivation
        + sizes.queries
        + 2 * sizes.keys
        + sizes.attended
        + sizes.expertOut
        + sizes.logits;
  }

  /** Some rows of the residual stream. */
  DeviceBuffer hiddenRows(int first, int count) {
    return hidden.slice((long) first * rowBytes, (long) count * rowBytes);
  }

  private DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = device.allocate(budget, bytes);
    owned.add(buffer);
    return buffer;
  }

  @Override
  public void close() {
    owned.forEach(DeviceBuffer::close);
  }

  private static final class Sizes {
    private static final int MAX_LOGIT_ROWS = 64;

    final int logitRows;
    final long hiddenFloat;
    final long hiddenActivation;
    final long queries;
    final long keys;
    final long attended;
    final long expertOut;
    final long logits;

    Sizes(ModelConfig model, ComputeType compute, int maxRows) {
      int activation = compute.activation().bytes();
      logitRows = Math.min(MAX_LOGIT_ROWS, maxRows);
      hiddenFloat = align((long) maxRows * model.hidden() * Float.BYTES);
      hiddenActivation = align((long) maxRows * model.hidden() * activation);
      queries = align((long) maxRows * model.attention().queryWidth() * Float.BYTES);
      keys = align((long) maxRows * model.attention().kvWidth() * Float.BYTES);
      attended = align((long) maxRows * model.attention().queryWidth() * activation);
      int outputsPerRow = Math.max(1, model.moe().expertsPerToken());
      expertOut = align((long) maxRows * outputsPerRow * model.hidden() * Float.BYTES);
      logits = align((long) logitRows * model.vocabulary() * Float.BYTES);
    }

    private static long align(long bytes) {
      return (bytes + 63) / 64 * 64;
    }
  }
}
