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
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Random weights, brought in as any weights are: the same ones again and again for each layout, so
 * that they stay near the cores.
 */
final class NearWeights implements WeightSource {
  /** Keeps sign and mantissa of four bfloat16 at once, and a little of the exponent. */
  private static final long RANDOM_BITS = 0x81FF_81FF_81FF_81FFL;

  private static final long EXPONENT = 0x3C00_3C00_3C00_3C00L;

  private final Device device;
  private final MemoryBudget budget;
  private final CopyStream copies;
  private final SplittableRandom random = new SplittableRandom(1);
  private final Map<MatrixLayout, Matrix> matrices = new HashMap<>();
  private final Map<ExpertLayout, Expert> experts = new HashMap<>();

  NearWeights(Device device, MemoryBudget budget) {
    this.device = device;
    this.budget = budget;
    this.copies = device.newCopyStream(budget);
  }

  /** Four random bfloat16 numbers that are finite and near 1/64 to 1. */
  static long fourNumbers(SplittableRandom random) {
    return (random.nextLong() & RANDOM_BITS) | EXPONENT;
  }

  @Override
  public Matrix matrix(MatrixLayout layout) {
    Matrix known = matrices.get(layout);
    if (known != null) {
      return known;
    }
    Matrix matrix = new Matrix(layout, allocate(layout.bytes()));
    matrices.put(layout, matrix);
    fill(matrix);
    return matrix;
  }

  @Override
  public Expert expert(ExpertLayout layout) {
    Expert known = experts.get(layout);
    if (known != null) {
      return known;
    }
    Expert expert = new Expert(layout, allocate(layout.bytes()));
    experts.put(layout, expert);
    fill(expert.gate());
    fill(expert.up());
    fill(expert.down());
    return expert;
  }

  private DeviceBuffer allocate(long bytes) {
    return device.allocate(budget, bytes);
  }

  private void fill(Matrix matrix) {
    MatrixLayout layout = matrix.layout();
    int most = bytes(layout, 0);
    try (HostBuffer staging = device.allocateHost(budget, most)) {
      for (int block = 0; block < layout.blocks(); block++) {
        ByteBuffer values = staging.bytes().limit(bytes(layout, block));
        while (values.remaining() >= Long.BYTES) {
          values.putLong(fourNumbers(random));
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
    matrices.values().forEach(matrix -> matrix.data().close());
    experts.values().forEach(expert -> expert.slot().close());
  }
}
