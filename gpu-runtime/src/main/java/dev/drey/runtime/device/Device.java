package dev.drey.runtime.device;

import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A place where weights live and the forward pass runs. The forward pass is written once, in {@code
 * layers}; a device provides memory, weight layouts and the operations of {@link ComputeStream}.
 *
 * <p><b>Ownership.</b> The device owns native libraries, kernels and primitives. Buffers are owned
 * by whoever allocated them and are charged to the budget given at allocation.
 *
 * <p><b>Threading.</b> Allocation and layouts are thread-safe. A {@link ComputeStream} is used by
 * one thread at a time, a {@link CopyStream} by one thread at a time; several of each may be at
 * work together.
 *
 * <p><b>Bits.</b> For one {@link #numericFingerprint()}, a row of any operation's result depends on
 * that row's inputs only: not on the number of rows, on neighbours, on threads or on timing. The
 * conformance suite holds every device to it.
 */
public interface Device extends AutoCloseable {
  /** Name in configuration: {@code reference}, {@code cpu}, {@code cuda}. */
  String name();

  /**
   * Everything on which bits depend besides model, request and compute type: device, instruction
   * set, library versions, version of the numeric contract. Results of two runs are comparable bit
   * by bit when these are equal.
   */
  String numericFingerprint();

  /** Whether device memory is the host's main memory. */
  default boolean sharesHostMemory() {
    return true;
  }

  /** Allocates zero-filled device memory charged to {@code budget}. */
  DeviceBuffer allocate(MemoryBudget budget, long bytes);

  /**
   * Allocates equal pieces of zero-filled device memory charged to {@code budget}, all or none. A
   * device may take them out of one allocation, which goes back when the last piece is closed.
   *
   * @param bytes of each piece, a multiple of 64
   */
  default List<DeviceBuffer> allocateEqual(MemoryBudget budget, long bytes, int count) {
    List<DeviceBuffer> pieces = new ArrayList<>(count);
    try {
      for (int i = 0; i < count; i++) {
        pieces.add(allocate(budget, bytes));
      }
      return pieces;
    } catch (RuntimeException | Error e) {
      pieces.forEach(DeviceBuffer::close);
      throw e;
    }
  }

  /** Allocates host memory the device can copy from, charged to {@code budget}. */
  HostBuffer allocateHost(MemoryBudget budget, int bytes);

  /**
   * Opens host memory for what several devices share. Empty where device memory is the host's:
   * below it there is no faster tier than storage.
   */
  default Optional<HostMemory> openHostMemory() {
    return Optional.empty();
  }

  /**
   * Device memory as the host sees it, so that files can be read straight into it. What is written
   * there the device sees from the next operation on that is issued behind it.
   *
   * @return a little-endian direct buffer of all its bytes, independent of any other; valid while
   *     the memory is allocated; empty if the host cannot write there
   */
  default Optional<ByteBuffer> hostView(DeviceBuffer memory) {
    return Optional.empty();
  }

  /** How this device stores a bfloat16 weight matrix. A function of the shape alone. */
  MatrixLayout matrixLayout(MatrixShape shape);

  /** How this device stores an expert. A function of the shape alone. */
  default ExpertLayout expertLayout(ExpertShape shape) {
    MatrixLayout gateUp = matrixLayout(shape.gateUp());
    return new ExpertLayout(gateUp, gateUp, matrixLayout(shape.down()));
  }

  /**
   * What the bytes of an expert in a slot mean. Where this says the same, a slot's bytes can be
   * stored and put into another slot, in another process or on another machine.
   */
  String weightFormat(ExpertShape shape);

  /** Bytes that {@link #newKvStore} will reserve for so many blocks. */
  long kvStoreBytes(KvShape shape, int blocks);

  /** Allocates the key/value pool, zero-filled, charged to {@code budget}. */
  KvStore newKvStore(MemoryBudget budget, KvShape shape, int blocks);

  /** Bytes that {@link #newStateStore} will reserve. */
  long stateStoreBytes(int layers, int slots, int numbers);

  /**
   * Allocates recurrent state, zero-filled, charged to {@code budget}.
   *
   * @param layers layers with state
   * @param slots sequences at a time
   * @param numbers float32 numbers per slot and layer
   */
  StateStore newStateStore(MemoryBudget budget, int layers, int slots, int numbers);

  /**
   * Bytes of scratch memory and primitives that {@link #newComputeStream} will reserve.
   *
   * @param maxRows most rows of any operation
   */
  long computeStreamBytes(ModelConfig model, int maxRows);

  /**
   * Opens a stream of operations for one model: builds every primitive the model's shapes need,
   * verifies on this machine that each gives the same bits for every row tile, and reserves scratch
   * memory.
   *
   * @param maxRows most rows of any operation
   */
  ComputeStream newComputeStream(MemoryBudget budget, ModelConfig model, int maxRows);

  /** Opens a stream of copies. */
  CopyStream newCopyStream(MemoryBudget budget);

  /** Releases libraries and primitives. All buffers and streams must be closed before. */
  @Override
  void close();
}
