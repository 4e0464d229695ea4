package dev.drey.runtime.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionSpec;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The same operations with one, two and five threads. */
class CpuThreadsTest {
  private static final int HIDDEN = 320;
  private static final int ROWS = 77;
  private static final GroupedQueryAttention ATTENTION =
      GroupedQueryAttention.of(8, 4, 40, RotaryConfig.plain(40, 10_000)).build();
  private static final ModelConfig MODEL =
      new ModelConfig(
          "test",
          2048,
          HIDDEN,
          512,
          NormConfig.rms(1e-6),
          Multipliers.NONE,
          false,
          false,
          List.of(new LayerConfig(ATTENTION, true)),
          MoeConfig.of(8, 2, 1024, RouterConfig.softmax(true)),
          0);

  @Test
  void theNumberOfThreadsChangesNoBit() {
    float[] alone = compute(1);
    assertThat(compute(2)).isEqualTo(alone);
    assertThat(compute(5)).isEqualTo(alone);
  }

  private static float[] compute(int threads) {
    MemoryBudget budget = MemoryBudget.root("test", 1L << 30);
    float[] results = new float[ROWS * (2048 + 2 * HIDDEN)];
    try (CpuDevice device = CpuDevice.open(ComputeType.F32, threads);
        ComputeStream stream = device.newComputeStream(budget, MODEL, ROWS);
        CopyStream copies = device.newCopyStream(budget);
        DeviceBuffer x = random(device, stream, budget, ROWS * HIDDEN);
        DeviceBuffer weights = packed(device, copies, budget, new MatrixShape(2048, HIDDEN));
        DeviceBuffer logits = device.allocate(budget, 4L * ROWS * 2048);
        DeviceBuffer out = device.allocate(budget, 4L * ROWS * HIDDEN);
        KvStore store = device.newKvStore(budget, new KvShape(1, 4, 40, 40, 64), 4)) {
      MatrixLayout layout = device.matrixLayout(new MatrixShape(2048, HIDDEN));
      assertThat(layout.blocks()).isGreaterThan(1);
      stream.matmul(x, ROWS, new Matrix(layout, weights), null, logits, false);
      stream.read(logits, 0, ROWS * 2048).get(results, 0, ROWS * 2048);
      for (int tokens : new int[] {1, ROWS}) {
        experts(device, stream, copies, budget, x, out, tokens);
      }
      stream.read(out, 0, ROWS * HIDDEN).get(results, ROWS * 2048, ROWS * HIDDEN);
      AttentionBatch batch =
          new AttentionBatch(
              List.of(
                  new AttentionBatch.Span(0, 1, 0, new int[] {0}, -1),
                  new AttentionBatch.Span(1, ROWS - 1, 0, new int[] {2, 1}, -1)));
      stream.writeKv(store, 0, x, x, batch);
      stream.attention(
          x, new AttentionSpec(8, 0.2f, KeyRange.ALL, null, false), store, 0, batch, out);
      stream.read(out, 0, ROWS * HIDDEN).get(results, ROWS * (2048 + HIDDEN), ROWS * HIDDEN);
    }
    assertThat(budget.usedBytes()).isZero();
    return results;
  }

  private static void experts(
      CpuDevice device,
      ComputeStream stream,
      CopyStream copies,
      MemoryBudget budget,
      DeviceBuffer x,
      DeviceBuffer out,
      int tokens) {
    ExpertLayout layout = device.expertLayout(MODEL.expertShape());
    int[] rows = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      rows[i] = i;
    }
    try (DeviceBuffer slot = device.allocate(budget, layout.bytes())) {
      pack(device, copies, budget, layout.gate(), slot.slice(0, layout.gate().bytes()));
      pack(device, copies, budget, layout.up(), slot.slice(layout.upOffset(), layout.up().bytes()));
      pack(
          device,
          copies,
          budget,
          layout.down(),
          slot.slice(layout.downOffset(), layout.down().bytes()));
      ExpertBatch batch = new ExpertBatch(new Expert(layout, slot), rows, rows, tokens);
      stream.experts(x, List.of(batch), out);
    }
  }

  private static DeviceBuffer random(
      CpuDevice device, ComputeStream stream, MemoryBudget budget, int count) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    DeviceBuffer buffer = device.allocate(budget, 4L * count);
    stream.write(values, buffer);
    return buffer;
  }

  private static DeviceBuffer packed(
      CpuDevice device, CopyStream copies, MemoryBudget budget, MatrixShape shape) {
    MatrixLayout layout = device.matrixLayout(shape);
    DeviceBuffer buffer = device.allocate(budget, layout.bytes());
    pack(device, copies, budget, layout, buffer);
    return buffer;
  }

  private static void pack(
      CpuDevice device,
      CopyStream copies,
      MemoryBudget budget,
      MatrixLayout layout,
      DeviceBuffer target) {
    SplittableRandom random = new SplittableRandom(2);
    int inputs = layout.shape().inputs();
    try (HostBuffer host =
        device.allocateHost(budget, Math.toIntExact(2 * layout.shape().elements()))) {
      for (int i = 0; i < layout.shape().elements(); i++) {
        float value = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(inputs));
        host.bytes().putShort(2 * i, BFloat16.toBits(value));
      }
      for (int block = 0; block < layout.blocks(); block++) {
        int offset = 2 * block * layout.blockOutputs() * inputs;
        copies.copyBlock(host, offset, DType.BF16, layout, block, target);
      }
    }
  }
}
