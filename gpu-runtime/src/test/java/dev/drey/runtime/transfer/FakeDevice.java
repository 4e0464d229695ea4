package dev.drey.runtime.transfer;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.StateStore;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * A device with nothing but memory and copies. A lazy one copies as late as it may: only when an
 * event behind the copy is awaited. Whoever reuses staging memory too early, or uses a target too
 * early, then finds the wrong bytes.
 */
public class FakeDevice implements Device {
  /** Output rows per block. */
  public static final int BLOCK_OUTPUTS = 4;

  private final boolean lazy;

  public FakeDevice(boolean lazy) {
    this.lazy = lazy;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public String numericFingerprint() {
    return "fake";
  }

  @Override
  public DeviceBuffer allocate(MemoryBudget budget, long bytes) {
    budget.reserve(bytes);
    return new Memory(budget, new byte[Math.toIntExact(bytes)], 0, bytes, true);
  }

  @Override
  public HostBuffer allocateHost(MemoryBudget budget, int bytes) {
    budget.reserve(bytes);
    ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
    return new HostBuffer() {
      private boolean closed;

      @Override
      public ByteBuffer bytes() {
        return memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      }

      @Override
      public void close() {
        if (!closed) {
          closed = true;
          budget.release(bytes);
        }
      }
    };
  }

  @Override
  public MatrixLayout matrixLayout(MatrixShape shape) {
    long bytes = (long) BLOCK_OUTPUTS * shape.inputs() * DType.BF16.bytes();
    return new MatrixLayout(shape, BLOCK_OUTPUTS, (bytes + 63) / 64 * 64);
  }

  @Override
  public String weightFormat(ExpertShape shape) {
    return "fake: rows";
  }

  @Override
  public CopyStream newCopyStream(MemoryBudget budget) {
    return new Copies();
  }

  @Override
  public long kvStoreBytes(KvShape shape, int blocks) {
    throw new UnsupportedOperationException();
  }

  @Override
  public KvStore newKvStore(MemoryBudget budget, KvShape shape, int blocks) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long stateStoreBytes(int layers, int slots, int numbers) {
    throw new UnsupportedOperationException("a fake device has no state");
  }

  @Override
  public StateStore newStateStore(MemoryBudget budget, int layers, int slots, int numbers) {
    throw new UnsupportedOperationException("a fake device has no state");
  }

  @Override
  public long computeStreamBytes(ModelConfig model, int maxRows) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ComputeStream newComputeStream(MemoryBudget budget, ModelConfig model, int maxRows) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}

  /** The bytes in a buffer of this device. */
  public static byte[] read(DeviceBuffer buffer) {
    Memory memory = (Memory) buffer;
    if (memory.isClosed()) {
      throw new IllegalStateException("read after free");
    }
    int from = Math.toIntExact(memory.offset);
    return Arrays.copyOfRange(memory.array, from, from + Math.toIntExact(memory.bytes));
  }

  private static final class Memory implements DeviceBuffer {
    private final MemoryBudget budget;
    private final byte[] array;
    private final long offset;
    private final long bytes;
    private final boolean owner;
    private final boolean[] closed;

    Memory(MemoryBudget budget, byte[] array, long offset, long bytes, boolean owner) {
      this(budget, array, offset, bytes, owner, new boolean[1]);
    }

    private Memory(
        MemoryBudget budget,
        byte[] array,
        long offset,
        long bytes,
        boolean owner,
        boolean[] closed) {
      this.budget = budget;
      this.array = array;
      this.offset = offset;
      this.bytes = bytes;
      this.owner = owner;
      this.closed = closed;
    }

    boolean isClosed() {
      return closed[0];
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public DeviceBuffer slice(long from, long size) {
      return new Memory(budget, array, offset + from, size, false, closed);
    }

    @Override
    public void close() {
      if (owner && !closed[0]) {
        closed[0] = true;
        budget.release(bytes);
      }
    }
  }

  private final class Copies implements CopyStream {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private long issued;
    private long done;

    @Override
    public void copyBlock(
        HostBuffer source,
        int sourceOffset,
        DType type,
        MatrixLayout layout,
        int block,
        DeviceBuffer target) {
      int bytes = Math.toIntExact(layout.shapeOf(block).elements() * type.bytes());
      copyBytes(source, sourceOffset, target, block * layout.blockStride(), bytes);
    }

    @Override
    public synchronized void copyBytes(
        HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes) {
      Memory memory = (Memory) target;
      issued++;
      waiting.add(
          () -> {
            if (memory.isClosed()) {
              throw new IllegalStateException("copy into freed memory");
            }
            source
                .bytes()
                .position(sourceOffset)
                .get(memory.array, Math.toIntExact(memory.offset + targetOffset), bytes);
          });
      if (!lazy) {
        reach(issued);
      }
    }

    @Override
    public synchronized void copyBack(
        DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes) {
      reach(issued);
      target.bytes().put(targetOffset, read(source), Math.toIntExact(sourceOffset), bytes);
    }

    private synchronized void reach(long copies) {
      for (; done < copies; done++) {
        waiting.remove().run();
      }
    }

    private synchronized boolean isReached(long copies) {
      return done >= copies;
    }

    @Override
    public synchronized DeviceEvent record() {
      long point = issued;
      return new DeviceEvent() {
        @Override
        public boolean reached() {
          return isReached(point);
        }

        @Override
        public void await() {
          reach(point);
        }
      };
    }

    @Override
    public void close() {
      if (!waiting.isEmpty()) {
        throw new IllegalStateException("stream closed with " + waiting.size() + " copies waiting");
      }
    }
  }
}
