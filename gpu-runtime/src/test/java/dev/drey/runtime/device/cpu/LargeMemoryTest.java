package dev.drey.runtime.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Buffers beyond what one Java buffer can show. Untouched pages cost nothing. */
class LargeMemoryTest {
  private static final int HIDDEN = 96;
  private static final GroupedQueryAttention ATTENTION =
      GroupedQueryAttention.of(2, 1, 32, RotaryConfig.plain(32, 10_000)).build();
  private static final ModelConfig MODEL = longest(64);

  @Test
  void aPartOfTwoHundredMiBCanBeSeenWhereverItBegins() {
    MemoryBudget budget = MemoryBudget.root("test", 2L << 30);
    try (CpuDevice device = CpuDevice.open(ComputeType.F32, 1);
        DeviceBuffer memory = device.allocate(budget, 3L << 29)) {
      int part = 200 << 20;
      long before = (1L << 30) - (100 << 20);
      ByteBuffer view = device.hostView(memory.slice(before, part)).orElseThrow();
      view.put(0, (byte) 1).put(part - 1, (byte) 2);
      ByteBuffer again = device.hostView(memory.slice(before + part - 16, 16)).orElseThrow();
      assertThat(again.get(15)).isEqualTo((byte) 2);
    }
    assertThat(budget.usedBytes()).isZero();
  }

  @Test
  void aStreamTakesScratchMemoryForTheSequencesThatCanOccurNotForThoseTheModelSupports() {
    ModelConfig long10M = longest(10_485_760);
    try (CpuDevice device = CpuDevice.open(ComputeType.F32, 1)) {
      long asSupported = device.computeStreamBytes(long10M, 8);
      long asCanOccur = device.computeStreamBytes(long10M.upTo(8192), 8);
      assertThat(asSupported).isGreaterThan(40L << 20);
      assertThat(asCanOccur).isEqualTo(device.computeStreamBytes(longest(8192), 8));
      assertThat(asCanOccur).isLessThan(asSupported - (30L << 20));
    }
  }

  private static ModelConfig longest(int positions) {
    return new ModelConfig(
        "test",
        64,
        HIDDEN,
        positions,
        NormConfig.rms(1e-6),
        Multipliers.NONE,
        false,
        false,
        List.of(new LayerConfig(ATTENTION, true)),
        MoeConfig.of(4, 2, 40, RouterConfig.softmax(true)),
        0);
  }

  @Test
  void anEmbeddingOfFiveGiBCanBeWrittenAndLookedUpEverywhere() {
    long bytes = 5L << 30;
    int rows = Math.toIntExact(bytes / 2 / HIDDEN);
    int[] ids = {0, rows / 3, (1 << 30) / 2 / HIDDEN, rows / 2, rows - 1};
    MemoryBudget budget = MemoryBudget.root("test", 6L << 30);
    try (CpuDevice device = CpuDevice.open(ComputeType.F32, 1);
        ComputeStream stream = device.newComputeStream(budget, MODEL, 8);
        CopyStream copies = device.newCopyStream(budget);
        DeviceBuffer table = device.allocate(budget, bytes);
        DeviceBuffer out = device.allocate(budget, 4L * 8 * HIDDEN);
        HostBuffer host = device.allocateHost(budget, 2 * HIDDEN)) {
      for (int i = 0; i < ids.length; i++) {
        for (int column = 0; column < HIDDEN; column++) {
          host.bytes().putShort(2 * column, (short) (0x3f80 + 16 * i));
        }
        copies.copyBytes(host, 0, table, 2L * ids[i] * HIDDEN, 2 * HIDDEN);
      }
      stream.embed(table, ids, ids.length, HIDDEN, out);
      for (int i = 0; i < ids.length; i++) {
        float expected = 1 + i / 8f;
        assertThat(stream.read(out, (long) i * HIDDEN, HIDDEN).get(0)).isEqualTo(expected);
        assertThat(stream.read(out, (long) i * HIDDEN, HIDDEN).get(HIDDEN - 1)).isEqualTo(expected);
      }
    }
    assertThat(budget.usedBytes()).isZero();
  }
}
