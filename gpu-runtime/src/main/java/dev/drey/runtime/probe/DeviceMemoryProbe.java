package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ModelConfig;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Measures how fast a device moves its own memory, where that is not the host's: one large array is
 * added to another, which reads two numbers and writes one.
 */
final class DeviceMemoryProbe implements AutoCloseable {
  private static final int WIDTH = 1 << 12;
  private static final int PASSES = 8;

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
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
      this.stream = own(device.newComputeStream(budget, model, 1));
      this.one = own(device.allocate(budget, arrayBytes()));
      this.other = own(device.allocate(budget, arrayBytes()));
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
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
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a probe failed", e);
      }
    }
  }
}
