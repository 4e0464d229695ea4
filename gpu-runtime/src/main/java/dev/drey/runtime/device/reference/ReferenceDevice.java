package dev.drey.runtime.device.reference;

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
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;

/**
 * The device every other device is compared with. Weights stay bfloat16, row-major, in blocks of
 * {@value #BLOCK_OUTPUTS} output rows; memory is ordinary heap. Streams run synchronously on the
 * calling thread.
 *
 * <p>In {@link ComputeType#BF16} values are rounded where the interface speaks of the activation
 * type: inputs of products with weights, stored keys and values. Queries and attention
 * probabilities stay float32.
 */
public final class ReferenceDevice implements Device {
  static final int BLOCK_OUTPUTS = 64;
  private static final int ALIGNMENT = 64;

  private final ComputeType compute;
  private final OpenResources open = new OpenResources("reference");

  /** A device that computes activations in the given type. */
  public ReferenceDevice(ComputeType compute) {
    this.compute = compute;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String numericFingerprint() {
    return "reference/" + compute.activation() + "/contract 2";
  }

  @Override
  public DeviceBuffer allocate(MemoryBudget budget, long bytes) {
    return HeapBuffer.allocate(budget, bytes, open);
  }

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    return new PlainHostBuffer(budget, bytes, open);
  }

  @Override
  public MatrixLayout matrixLayout(MatrixShape shape) {
    int blockOutputs = Math.min(BLOCK_OUTPUTS, shape.outputs());
    long bytes = 2L * blockOutputs * shape.inputs();
    return new MatrixLayout(shape, blockOutputs, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  @Override
  public String weightFormat(ExpertShape shape) {
    return "reference: rows of bfloat16, " + expertLayout(shape);
  }

  @Override
  public long kvStoreBytes(KvShape shape, int blocks) {
    return HeapKvStore.bytes(shape, blocks, compute.activation());
  }

  @Override
  public KvStore newKvStore(MemoryBudget budget, KvShape shape, int blocks) {
    return new HeapKvStore(budget, shape, blocks, compute.activation(), open);
  }

  @Override
  public long stateStoreBytes(int layers, int slots, int numbers) {
    return HeapStateStore.bytes(layers, slots, numbers);
  }

  @Override
  public StateStore newStateStore(MemoryBudget budget, int layers, int slots, int numbers) {
    return new HeapStateStore(budget, layers, slots, numbers, open);
  }

  /** None: what a stream needs is short-lived garbage. */
  @Override
  public long computeStreamBytes(ModelConfig model, int maxRows) {
    return 0;
  }

  @Override
  public ComputeStream newComputeStream(MemoryBudget budget, ModelConfig model, int maxRows) {
    return new ReferenceStream(compute.activation(), model.moe().unit(), open);
  }

  @Override
  public CopyStream newCopyStream(MemoryBudget budget) {
    return new PlainCopyStream(open);
  }

  @Override
  public void close() {
    open.close();
  }
}
