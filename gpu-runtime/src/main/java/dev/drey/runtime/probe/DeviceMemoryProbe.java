package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.ResourceStack;
import dev.drey.runtime.model.ModelConfig;

/**
 * Measures how fast a device moves its own memory, where that is not the host's: one large array is
 * added to another, which reads two numbers and writes one.
 */
final class DeviceMemoryProbe implements AutoCloseable {
  private static final int WIDTH = 1 << 12;
  private static final int PASSES = 8;

  private final ResourceStack owned = new ResourceStack("a probe of device memory");
  private final ComputeStream stream;
  private final DeviceBuffer one;
  private final DeviceBuffer other;
  private final int rows;

  /**
   * @param wantedBytes working set
   */
  DeviceMemoryProbe(Device device, MemoryBudget budget, ModelConfig model, long wantedBytes) {
    long half = Math.max(1 << 20, wantedBytes / 2);
    this.rows = Math.toIntExact(half / WIDTH / Float.BYTES);
    try {
      this.stream = owned.own(device.newComputeStream(budget, model, 1));
      this.one = owned.own(device.allocate(budget, arrayBytes()));
      this.other = owned.own(device.allocate(budget, arrayBytes()));
    } catch (RuntimeException | Error failure) {
      owned.closeAfter(failure);
      throw failure;
    }
  }

  private long arrayBytes() {
    return (long) rows * WIDTH * Float.BYTES;
  }

  /** Bytes of the two arrays. */
  long workingSetBytes() {
    return 2 * arrayBytes();
  }

  /** Bytes per second, read and written, of the best of a few passes. */
  double measure() {
    long best = Long.MAX_VALUE;
    for (int pass = 0; pass < PASSES; pass++) {
      long start = System.nanoTime();
      stream.addScaled(one, rows, WIDTH, 1, other);
      stream.record().await();
      best = Math.min(best, System.nanoTime() - start);
    }
    return 3.0 * arrayBytes() * 1e9 / best;
  }

  @Override
  public void close() {
    owned.close();
  }
}
