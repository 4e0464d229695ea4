package dev.drey.runtime.probe;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Random weights in a device's layout, brought in as any weights are. Owns the memory. */
final class ProbeWeights implements AutoCloseable {
  /** Keeps sign and mantissa of four bfloat16 at once, and a little of the exponent. */
  private static final long RANDOM_BITS = 0x81FF_81FF_81FF_81FFL;

  private static final long EXPONENT = 0x3C00_3C00_3C00_3C00L;

  private final Device device;
  private final MemoryBudget budget;
  private final CopyStream copies;
  private final SplittableRandom random = new SplittableRandom(1);
  private final List<DeviceBuffer> owned = new ArrayList<>();

  ProbeWeights(Device device, MemoryBudget budget) {
    this.device = device;
    this.budget = budget;
    this.copies = device.newCopyStream(budget);
  }

  /** Memory for so many float32 numbers, owned by this. */
  DeviceBuffer floats(long count) {
    return own(count * Float.BYTES);
  }

  /** Memory for so many float32 numbers, to be closed by the caller. */
  DeviceBuffer unowned(long count) {
    return device.allocate(budget, count * Float.BYTES);
  }

  private DeviceBuffer own(long bytes) {
    DeviceBuffer buffer = device.allocate(budget, bytes);
    owned.add(buffer);
    return buffer;
  }

  Matrix matrix(MatrixLayout layout) {
    Matrix matrix = new Matrix(layout, own(layout.bytes()));
    fill(matrix);
    return matrix;
  }

  Expert expert(ExpertLayout layout) {
    Expert expert = new Expert(layout, own(layout.bytes()));
    fill(expert.gate());
    fill(expert.up());
    fill(expert.down());
    return expert;
  }

  private void fill(Matrix matrix) {
    MatrixLayout layout = matrix.layout();
    int most = bytes(layout, 0);
    try (HostBuffer staging = device.allocateHost(budget, most)) {
      for (int block = 0; block < layout.blocks(); block++) {
        ByteBuffer values = staging.bytes().limit(bytes(layout, block));
        while (values.remaining() >= Long.BYTES) {
          values.putLong((random.nextLong() & RANDOM_BITS) | EXPONENT);
        }
        copies.copyBlock(staging, 0, DType.BF16, layout, block, matrix.data());
        copies.record().await();
      }
    }
  }

  private static int bytes(MatrixLayout layout, int block) {
    return Math.toIntExact(layout.shapeOf(block).elements() * DType.BF16.bytes());
  }

  @Override
  public void close() {
    copies.close();
    owned.forEach(DeviceBuffer::close);
  }
}
