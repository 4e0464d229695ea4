package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.Availability;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;

/**
 * The processor as a device: oneDNN for matrix products, a team of threads around it.
 *
 * <p><b>Bits.</b> Products are computed for a fixed set of row tiles, in blocks of outputs that
 * follow from the shape alone, each by one thread. That a row has the same bits in all tiles is
 * verified for every product when a stream is opened ({@code TileCheck}); how rows and blocks are
 * cut and spread over threads is then free.
 *
 * <p><b>Ownership.</b> Buffers, stores and streams belong to whoever asked for them; closing the
 * device with any of them open is an error that names them. The device itself owns the library's
 * engine and the weight formats.
 *
 * <p><b>Threading.</b> Allocation and layouts are thread-safe. Each compute stream has its own
 * threads, which sleep while it has nothing to do.
 */
public final class CpuDevice implements Device {
  private static final int NUMERIC_CONTRACT = 1;
  private static final int BLOCK_BYTES = 512 << 10;
  private static final int OUTPUT_STEP = 64;
  private static final int ALIGNMENT = 64;

  private final ComputeType compute;
  private final int threads;
  private final OneDnn library;
  private final OpenResources open = new OpenResources("cpu");

  private CpuDevice(ComputeType compute, int threads, OneDnn library) {
    this.compute = compute;
    this.threads = threads;
    this.library = library;
  }

  /**
   * Opens the device.
   *
   * @param compute activations' type
   * @param threads threads per compute stream, the calling one included
   * @throws IllegalStateException if {@link #availability(ComputeType)} says no; the message says
   *     why
   */
  public static CpuDevice open(ComputeType compute, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a cpu device with " + threads + " threads");
    }
    Availability availability = availability(compute);
    if (!availability.usable()) {
      throw new IllegalStateException(
          "the cpu device cannot be used on this machine: " + availability.cause());
    }
    return new CpuDevice(compute, threads, new OneDnn());
  }

  /** Whether the device can be used in this process. Loads oneDNN. */
  public static Availability availability() {
    String machine = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
    if (!machine.toLowerCase(Locale.ROOT).equals("linux/amd64")) {
      return Availability.unusable("it needs Linux on x86-64, this is " + machine);
    }
    try {
      Availability oneThread = OpenMp.ensureOneThread();
      if (!oneThread.usable()) {
        return oneThread;
      }
      return Availability.usable(
          "oneDNN %s, instruction set %s, %s"
              .formatted(OneDnn.version(), OneDnn.isa(), oneThread.cause()));
    } catch (LinkageError e) {
      return Availability.unusable("oneDNN cannot be loaded: " + e);
    }
  }

  /** Whether the device can be used in this process and the processor can compute in this type. */
  public static Availability availability(ComputeType compute) {
    Availability availability = availability();
    if (!availability.usable()) {
      return availability;
    }
    try (OneDnn library = new OneDnn()) {
      library.format(
          MatmulSpec.single(OUTPUT_STEP, OUTPUT_STEP, compute.activation(), DType.BF16).weights());
      return availability;
    } catch (IllegalStateException e) {
      return Availability.unusable(
          "this processor has no fast products of %s activations with BF16 weights, use another"
                  .formatted(compute)
              + " compute type ("
              + e.getMessage()
              + ")");
    }
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String numericFingerprint() {
    return "cpu/%s/oneDNN %s/%s/contract %d/block %d bytes/keys %d"
        .formatted(
            compute.activation(),
            OneDnn.version(),
            OneDnn.isa(),
            NUMERIC_CONTRACT,
            BLOCK_BYTES,
            KvFormat.BLOCK_TOKENS);
  }

  OneDnn library() {
    return library;
  }

  NativeMemory memory(MemoryBudget budget, long bytes, String kind) {
    return new NativeMemory(budget, bytes, kind, open);
  }

  /** The packed form of a weight matrix, or of a block of one. */
  WeightFormat format(MatrixShape shape) {
    return library.format(
        MatmulSpec.single(shape.inputs(), shape.outputs(), compute.activation(), DType.BF16)
            .weights());
  }

  @Override
  public DeviceBuffer allocate(MemoryBudget budget, long bytes) {
    return NativeBuffer.of(memory(budget, bytes, "buffer"));
  }

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    return new NativeHostBuffer(memory(budget, bytes, "host buffer"));
  }

  @Override
  public Optional<ByteBuffer> hostView(DeviceBuffer memory) {
    return NativeBuffer.of(memory).hostView();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Blocks are of about {@value #BLOCK_BYTES} bytes: small enough for a processor's second-level
   * cache, large enough for a product's overhead not to matter.
   */
  @Override
  public MatrixLayout matrixLayout(MatrixShape shape) {
    int fitting = BLOCK_BYTES / Short.BYTES / shape.inputs() / OUTPUT_STEP * OUTPUT_STEP;
    int blocks = divideUp(shape.outputs(), Math.max(fitting, OUTPUT_STEP));
    int even = divideUp(divideUp(shape.outputs(), blocks), OUTPUT_STEP) * OUTPUT_STEP;
    int blockOutputs = Math.min(even, shape.outputs());
    long bytes = format(new MatrixShape(blockOutputs, shape.inputs())).bytes();
    return new MatrixLayout(shape, blockOutputs, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  @Override
  public String weightFormat(ExpertShape shape) {
    return "cpu: gate and up %s, down %s"
        .formatted(
            weightFormat(matrixLayout(shape.gateUp())), weightFormat(matrixLayout(shape.down())));
  }

  private String weightFormat(MatrixLayout layout) {
    return layout + " " + format(layout.shapeOf(0)).describe();
  }

  private static int divideUp(int count, int by) {
    return (count + by - 1) / by;
  }

  @Override
  public long kvStoreBytes(KvShape shape, int blocks) {
    return CpuKvStore.bytes(new KvFormat(library, shape, compute.activation()), blocks);
  }

  @Override
  public KvStore newKvStore(MemoryBudget budget, KvShape shape, int blocks) {
    KvFormat format = new KvFormat(library, shape, compute.activation());
    return new CpuKvStore(
        format, blocks, memory(budget, CpuKvStore.bytes(format, blocks), "KV store"));
  }

  @Override
  public long stateStoreBytes(int layers, int slots, int numbers) {
    return CpuStateStore.bytes(layers, slots, numbers);
  }

  @Override
  public StateStore newStateStore(MemoryBudget budget, int layers, int slots, int numbers) {
    long bytes = CpuStateStore.bytes(layers, slots, numbers);
    return new CpuStateStore(layers, slots, numbers, memory(budget, bytes, "state store"));
  }

  private StreamPlan plan(ModelConfig model, int maxRows) {
    return new StreamPlan(library, model, maxRows, compute.activation(), this::matrixLayout);
  }

  @Override
  public long computeStreamBytes(ModelConfig model, int maxRows) {
    StreamPlan plan = plan(model, maxRows);
    return plan.scratchBytes(threads) + plan.primitiveBytes();
  }

  @Override
  public ComputeStream newComputeStream(MemoryBudget budget, ModelConfig model, int maxRows) {
    StreamPlan plan = plan(model, maxRows);
    OpenResources.Ticket ticket = open.opened("compute stream");
    StreamState state = null;
    try {
      state = new StreamState(this, plan, budget, threads);
      return new CpuStream(state, () -> open.closed(ticket));
    } catch (RuntimeException | Error e) {
      if (state != null) {
        state.close();
      }
      open.closed(ticket);
      throw e;
    }
  }

  @Override
  public CopyStream newCopyStream(MemoryBudget budget) {
    OpenResources.Ticket ticket = open.opened("copy stream");
    return new CpuCopyStream(this, () -> open.closed(ticket));
  }

  @Override
  public void close() {
    if (open.close()) {
      library.close();
    }
  }
}
