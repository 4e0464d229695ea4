package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * What the operations of a stream share: the queue, the kernels, tables on their way to them, the
 * work area. Owns all of it but the kernels; opening closes everything again if a step fails.
 *
 * <p>An operation first puts its tables, then launches: {@link #launch} sees to it that the tables
 * travel before.
 */
final class StreamState implements AutoCloseable {
  private final StreamPlan plan;
  private final KernelLibrary kernels;
  private final CommandQueue queue;
  private final DeviceMemory memory;
  private final PinnedMemory pinned;
  private final Tables tables;
  private final RotaryRows rotaryRows;
  private final ReadBack readBack;
  private final long work;
  private BooleanSupplier cancelled = () -> false;
  private boolean closed;

  StreamState(
      CudaContext context,
      KernelLibrary kernels,
      StreamPlan plan,
      boolean synchronous,
      MemoryBudget budget,
      OpenResources open) {
    this.plan = plan;
    this.kernels = kernels;
    String kind = "compute stream";
    this.memory = new DeviceMemory(context, budget, plan.deviceBytes(), kind, open);
    try {
      this.pinned = new PinnedMemory(context, budget, plan.pinnedBytes(), kind, open);
      try {
        this.queue = new CommandQueue(context, synchronous);
      } catch (RuntimeException | Error e) {
        pinned.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
    int tableBytes = plan.tableBytes();
    this.tables = new Tables(queue, new PinnedArea(pinned, 0, tableBytes), memory.address());
    long rotary = memory.address() + tableBytes;
    this.rotaryRows = new RotaryRows(tables, rotary, plan.rotaryPairs());
    this.readBack = new ReadBack(queue, new PinnedArea(pinned, tableBytes, plan.readBytes()));
    this.work = rotary + StreamPlan.align(2L * plan.rotaryPairs() * Float.BYTES);
  }

  StreamPlan plan() {
    return plan;
  }

  DType activation() {
    return plan.activation();
  }

  CommandQueue queue() {
    return queue;
  }

  Tables tables() {
    return tables;
  }

  RotaryRows rotaryRows() {
    return rotaryRows;
  }

  ReadBack readBack() {
    return readBack;
  }

  /**
   * Pinned memory for the choice of a router, one of {@link ComputeStream#MAX_PENDING_ROUTINGS}.
   */
  PinnedArea choicePlace(int index) {
    int bytes = plan.choiceBytes();
    return new PinnedArea(pinned, plan.tableBytes() + plan.readBytes() + index * bytes, bytes);
  }

  /** Address of the work area, which the present operation has to itself. */
  long work() {
    return work;
  }

  /** Makes the context the calling thread's; at the start of every operation. */
  void enter() {
    queue.enter();
  }

  /** The kernel of this name. */
  Kernel kernel(String name) {
    return kernels.kernel(name);
  }

  /** The kernel of this name that computes activations of the stream's type. */
  Kernel typedKernel(String name) {
    return typedKernel(name, plan.activation());
  }

  /** The kernel of this name for numbers of this type. */
  Kernel typedKernel(String name, DType type) {
    return kernels.kernel(name + (type == DType.F32 ? "_f32" : "_bf16"));
  }

  /** Lets a kernel be launched with so much dynamic shared memory. */
  Kernel withSharedMemory(Kernel kernel, int bytes) {
    kernels.allowSharedMemory(kernel, bytes);
    return kernel;
  }

  /** Starts a launch behind the tables put so far. */
  Launch launch(Kernel kernel) {
    tables.flush();
    return queue.launch(kernel);
  }

  void cancelWhen(BooleanSupplier question) {
    cancelled = question;
  }

  void checkCancelled() {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("the operation was cancelled");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      queue.close();
    } finally {
      try {
        pinned.close();
      } finally {
        memory.close();
      }
    }
  }
}
