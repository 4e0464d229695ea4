package dev.drey.runtime.probe;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import java.util.SplittableRandom;

/**
 * Random weights that lie one behind the other in a large memory, always the ones used longest ago:
 * they come from as far away as a model's weights do, which a step goes through once.
 */
final class WeightRing implements WeightSource {
  private static final int FILL_NUMBERS = 1 << 20;
  private static final long ALIGNMENT = 4096;

  private final DeviceBuffer memory;
  private long next;

  /**
   * @param stream to fill the memory with
   * @param wantedBytes cut to half of what the budget has left
   * @param leastBytes of the largest weights that will be asked for
   */
  WeightRing(
      Device device, ComputeStream stream, MemoryBudget budget, long wantedBytes, long leastBytes) {
    long free = budget.limitBytes() - budget.usedBytes();
    long most = Math.max(leastBytes, Math.min(wantedBytes, free / 2));
    this.memory = device.allocate(budget, most);
    float[] numbers = new float[FILL_NUMBERS];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Float.intBitsToFloat((int) NearWeights.fourNumbers(random));
    }
    long step = (long) FILL_NUMBERS * Float.BYTES;
    for (long at = 0; at + step <= memory.bytes(); at += step) {
      stream.write(numbers, memory.slice(at, step));
    }
  }

  @Override
  public Matrix matrix(MatrixLayout layout) {
    return new Matrix(layout, take(layout.bytes()));
  }

  @Override
  public Expert expert(ExpertLayout layout) {
    return new Expert(layout, take(layout.bytes()));
  }

  private DeviceBuffer take(long bytes) {
    if (next + bytes > memory.bytes()) {
      next = 0;
    }
    DeviceBuffer taken = memory.slice(next, bytes);
    next += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return taken;
  }

  @Override
  public void close() {
    memory.close();
  }
}
