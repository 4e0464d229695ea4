package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** What rounding lost of the same where attention takes two terms, activation type. */
  final DeviceBuffer remainders;

  /** The same in float32 for the router, and what else is as wide, {@code [rows, hidden]}. */
  final DeviceBuffer routerInput;

  /** Queries, float32 {@code [rows, heads * keyDim]}. */
  final DeviceBuffer queries;

  /** Keys, float32 {@code [rows, kvHeads * keyDim]}. */
  final DeviceBuffer keys;

  /** Values, float32 {@code [rows, kvHeads * valueDim]}. */
  final DeviceBuffer values;

  /** Gates of attention's output; in latent attention parts of queries and outputs; float32. */
  final DeviceBuffer gates;

  /** In latent attention queries' latents, then attended latents of all heads; float32. */
  final DeviceBuffer latents;

  /** Of the delta rule, float32 {@code [rows, valueHeads]}. */
  final DeviceBuffer strengths;

  /** Of the delta rule, float32 {@code [rows, valueHeads]}. */
  final DeviceBuffer decays;

  /** Attention output, activation type {@code [rows, heads * valueDim]}. */
  final DeviceBuffer attended;

  /** The same in float32, where it is multiplied as two terms. */
  final DeviceBuffer attendedFloats;

  /** As many ones as a head is wide, float32. */
  final DeviceBuffer ones;

  /** Expert outputs, float32 {@code [rows * k, hidden]}, row {@code token * k + rank}. */
  final DeviceBuffer expertOut;

  /** Output of the shared expert, float32 {@code [rows, hidden]}. */
  final DeviceBuffer sharedOut;

  /** Logits of one chunk of rows, float32 {@code [logitRows, vocabulary]}. */
  final DeviceBuffer logits;

  /** Most rows whose logits are computed at a time. */
  final int logitRows;

  /**
   * Allocates the buffers.
   *
   * @param budget charged with {@link #bytes}
   * @param stream used to write constants
   */
  public Activations(
      Device device,
      MemoryBudget budget,
      ModelConfig model,
      ComputeType compute,
      int maxRows,
      ComputeStream stream) {
    this.device = device;
    this.budget = budget;
    ActivationSizes sizes = new ActivationSizes(model, compute, maxRows);
    this.logitRows = sizes.logitRows();
    this.rowBytes = model.hidden() * Float.BYTES;
    try {
      hidden = allocate(sizes.hiddenFloats());
      normed = allocate(sizes.hiddenActivations());
      remainders = allocate(sizes.remainders());
      routerInput = allocate(sizes.hiddenFloats());
      queries = allocate(sizes.queries());
      keys = allocate(sizes.keys());
      values = allocate(sizes.values());
      gates = allocate(sizes.gates());
      latents = allocate(sizes.latents());
      strengths = allocate(sizes.heads());
      decays = allocate(sizes.heads());
      attended = allocate(sizes.attended());
      attendedFloats = allocate(sizes.attendedFloats());
      ones = allocate(sizes.ones());
      expertOut = allocate(sizes.expertOut());
      sharedOut = allocate(sizes.sharedOut());
      logits = allocate(sizes.logits());
      float[] constant = new float[sizes.oneCount()];
      Arrays.fill(constant, 1);
      stream.write(constant, ones);
    } catch (RuntimeException | Error failure) {
      close();
      throw failure;
    }
  }

  /** Bytes the constructor will reserve. */
  public static long bytes(ModelConfig model, ComputeType compute, int maxRows) {
    return new ActivationSizes(model, compute, maxRows).total();
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
}
