package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.Availability;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.HostMemory;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import java.util.List;
import java.util.Optional;

/**
 * An NVIDIA GPU, of compute capability 8.0 or later.
 *
 * <p><b>Bits.</b> Every kernel computes a row by a rule that follows from shapes alone; variants
 * for more and fewer rows give the same bits. The kernels state which reductions they make in which
 * order; how rows are cut into tiles and over launches is then free. Bits may differ between models
 * of GPU and between drivers, which compile the kernels, so both are in the fingerprint.
 *
 * <p><b>Order.</b> A compute stream and each copy stream run beside each other. Whoever hands
 * memory from one to the other makes the second stream wait for an event of the first: kernels that
 * read a loaded expert for its last copy, copies into its slot for the last kernel that may read
 * what was there. The host waits for neither.
 *
 * <p><b>Ownership.</b> Buffers, stores and streams belong to whoever asked for them; closing the
 * device with any of them open is an error that names them. The device itself owns the kernels and
 * its hold on the GPU's primary context.
 *
 * <p><b>Threading.</b> Allocation and layouts are thread-safe.
 *
 * <p><b>Debugging.</b> With the system property {@value #SYNCHRONOUS} set to {@code true} every
 * launch and copy is waited for, so that a kernel's error is reported by its name.
 */
public final class CudaDevice implements Device {
  /** System property that makes every launch wait. */
  public static final String SYNCHRONOUS = "drey.cuda.synchronous";

  private static final int NUMERIC_CONTRACT = 1;
  private static final int LEAST_CAPABILITY = 80;
  private static final int BLOCK_BYTES = 4 << 20;
  private static final int OUTPUT_STEP = 32;
  private static final int ALIGNMENT = 64;

  private final ComputeType compute;
  private final CudaContext context;
  private final KernelLibrary kernels;
  private final String fingerprint;
  private final boolean synchronous = Boolean.getBoolean(SYNCHRONOUS);
  private final OpenResources open = new OpenResources("cuda");

  private CudaDevice(ComputeType compute, CudaContext context, KernelLibrary kernels) {
    this.compute = compute;
    this.context = context;
    this.kernels = kernels;
    this.fingerprint =
        "cuda/%s/%s/capability %d/driver for CUDA %s/kernels %s/contract %d"
            .formatted(
                compute.activation(),
                context.facts().name(),
                context.facts().capability(),
                Driver.driverVersion(),
                KernelFile.digest(),
                NUMERIC_CONTRACT);
  }

  /**
   * Opens a GPU.
   *
   * @param compute activations' type
   * @param index which of the machine's GPUs, from 0, as the driver counts them
   * @throws IllegalStateException if {@link #availability(int)} says no; the message says why
   */
  public static CudaDevice open(ComputeType compute, int index) {
    Availability availability = availability(index);
    if (!availability.usable()) {
      throw new IllegalStateException(
          "the cuda device cannot be used on this machine: " + availability.cause());
    }
    CudaContext context = CudaContext.open(index);
    try {
      KernelLibrary kernels = KernelLibrary.load(context);
      try {
        return new CudaDevice(compute, context, kernels);
      } catch (RuntimeException | Error e) {
        kernels.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  /** Whether there is a driver and at least one GPU. Loads the driver. */
  public static Availability availability() {
    return DriverLibrary.availability();
  }

  /** Whether the GPU of this index can be used. */
  public static Availability availability(int index) {
    Availability driver = availability();
    if (!driver.usable()) {
      return driver;
    }
    int devices = Driver.deviceCount();
    if (index < 0 || index >= devices) {
      return Availability.unusable(
          "GPU %d is asked for, the driver finds %d, counted from 0; CUDA_VISIBLE_DEVICES hides GPUs"
              .formatted(index, devices));
    }
    GpuFacts facts = GpuFacts.of(index);
    if (facts.capability() < LEAST_CAPABILITY) {
      return Availability.unusable(
          "GPU %d (%s) has compute capability %.1f; 8.0 (Ampere) or later is needed"
              .formatted(index, facts.name(), facts.capability() / 10.0));
    }
    return Availability.usable(
        "GPU %d (%s, compute capability %.1f, %d MiB), driver for CUDA %s"
            .formatted(
                index,
                facts.name(),
                facts.capability() / 10.0,
                facts.totalBytes() >> 20,
                Driver.driverVersion()));
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String numericFingerprint() {
    return fingerprint;
  }

  @Override
  public boolean sharesHostMemory() {
    return false;
  }

  private DeviceMemory memory(MemoryBudget budget, long bytes, String kind) {
    return new DeviceMemory(context, budget, bytes, kind, open);
  }

  @Override
  public DeviceBuffer allocate(MemoryBudget budget, long bytes) {
    return CudaBuffer.of(memory(budget, bytes, "buffer"));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Out of one allocation: the driver gives memory in pages of 2 MiB, of which each expert slot
   * would waste one half.
   */
  @Override
  public List<DeviceBuffer> allocateEqual(MemoryBudget budget, long bytes, int count) {
    return count == 0
        ? List.of()
        : CudaBuffer.pieces(
            memory(budget, Math.multiplyExact(bytes, (long) count), "arena"), bytes, count);
  }

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    return new CudaHostBuffer(new PinnedMemory(context, budget, bytes, "host buffer", open));
  }

  @Override
  public Optional<HostMemory> openHostMemory() {
    return Optional.of(PinnedHostMemory.open(context.index()));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Row-major as in the file; blocks of about {@value #BLOCK_BYTES} bytes, which a copy moves at
   * full speed and a demand seldom waits for.
   */
  @Override
  public MatrixLayout matrixLayout(MatrixShape shape) {
    int rowBytes = shape.inputs() * Short.BYTES;
    int fitting = Math.max(BLOCK_BYTES / rowBytes / OUTPUT_STEP * OUTPUT_STEP, OUTPUT_STEP);
    int blocks = divideUp(shape.outputs(), fitting);
    int even = divideUp(divideUp(shape.outputs(), blocks), OUTPUT_STEP) * OUTPUT_STEP;
    int blockOutputs = Math.min(even, shape.outputs());
    long bytes = (long) blockOutputs * rowBytes;
    return new MatrixLayout(shape, blockOutputs, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  @Override
  public String weightFormat(ExpertShape shape) {
    return "cuda: rows of bfloat16, " + expertLayout(shape);
  }

  private static int divideUp(int count, int by) {
    return (count + by - 1) / by;
  }

  @Override
  public long kvStoreBytes(KvShape shape, int blocks) {
    return CudaKvStore.bytes(shape, blocks, compute.activation());
  }

  @Override
  public KvStore newKvStore(MemoryBudget budget, KvShape shape, int blocks) {
    StreamPlan.requireSupported(shape);
    return new CudaKvStore(
        shape,
        blocks,
        compute.activation(),
        memory(budget, kvStoreBytes(shape, blocks), "KV store"));
  }

  @Override
  public long stateStoreBytes(int layers, int slots, int numbers) {
    return CudaStateStore.bytes(layers, slots, numbers);
  }

  @Override
  public StateStore newStateStore(MemoryBudget budget, int layers, int slots, int numbers) {
    long bytes = CudaStateStore.bytes(layers, slots, numbers);
    return new CudaStateStore(layers, slots, numbers, memory(budget, bytes, "state store"));
  }

  @Override
  public long computeStreamBytes(ModelConfig model, int maxRows) {
    StreamPlan plan = new StreamPlan(model, maxRows, compute.activation());
    return plan.deviceBytes() + plan.pinnedBytes();
  }

  @Override
  public ComputeStream newComputeStream(MemoryBudget budget, ModelConfig model, int maxRows) {
    StreamPlan plan = new StreamPlan(model, maxRows, compute.activation());
    plan.requireSupported();
    OpenResources.Ticket ticket = open.opened("compute stream");
    try {
      StreamState state = new StreamState(context, kernels, plan, synchronous, budget, open);
      return new CudaStream(state, context.facts().processors(), () -> open.closed(ticket));
    } catch (RuntimeException | Error e) {
      open.closed(ticket);
      throw e;
    }
  }

  @Override
  public CopyStream newCopyStream(MemoryBudget budget) {
    OpenResources.Ticket ticket = open.opened("copy stream");
    try {
      return new CudaCopyStream(new CommandQueue(context, synchronous), () -> open.closed(ticket));
    } catch (RuntimeException | Error e) {
      open.closed(ticket);
      throw e;
    }
  }

  @Override
  public void close() {
    if (open.close()) {
      try {
        kernels.close();
      } finally {
        context.close();
      }
    }
  }
}
