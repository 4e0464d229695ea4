package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole engines on the cuda device: what they leave behind, and what happens without memory. */
class CudaEngineTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/qwen3_moe");
  private static final int[] PROMPT = {5, 17, 80, 33, 9, 211, 64};

  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  private static EngineConfig config() {
    return new EngineConfig(
        MODEL.toString(),
        "cuda",
        ComputeType.BF16,
        1,
        null,
        MemorySize.ofPercent(50),
        256,
        "gate.next-layer",
        "classic.lru",
        new ScheduleConfig(4, 2, 32, 16, 1_000_000_000L),
        TransferConfig.DEFAULT);
  }

  /** The tokens that a sequence of the small model continues with. */
  private static List<Integer> generate() throws IOException {
    SamplingParams greedy =
        new SamplingParams(6, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), false, 0, -1);
    Sequence sequence = Sequence.fresh(SequenceRequest.generate("s", PROMPT, greedy));
    try (MoeEngine engine = MoeEngine.open(config())) {
      new DecodeLoop(engine).run(List.of(sequence).iterator(), done -> {});
    }
    List<Integer> ids = new ArrayList<>();
    for (int id : sequence.progress().outputIds()) {
      ids.add(id);
    }
    return ids;
  }

  @Test
  @Timeout(300)
  void twentyRestartsInOneProcessLeaveNothingOnTheDeviceOrPinned() throws IOException {
    List<Integer> first = generate();
    assertThat(first).hasSize(6);
    for (int restart = 1; restart < 20; restart++) {
      assertThat(generate()).isEqualTo(first);
      TestGpu.requireClean();
    }
  }

  @Test
  @Timeout(600)
  void whicheverAllocationFailsTheEngineEndsCleanlyAndTheNextOneWorks() throws IOException {
    FakeDriver.require();
    List<Integer> expected = generate();
    int refused = 0;
    for (int k = 1; k <= 200; k++) {
      FakeDriver.failAllocation(k);
      try {
        assertThat(generate()).isEqualTo(expected);
      } catch (DeviceMemoryException e) {
        refused++;
        assertThat(e).hasMessageContaining("refused");
      } finally {
        FakeDriver.failAllocation(0);
      }
      assertThat(FakeDriver.report()).as("allocation %d", k).isEmpty();
    }
    assertThat(refused).isGreaterThan(20);
    assertThat(generate()).isEqualTo(expected);
  }

  @Test
  void aGpuThatIsTooSmallIsRefusedWithItsSize() {
    FakeDriver.require();
    FakeDriver.memory(300_000);
    assertThatThrownBy(CudaEngineTest::generate)
        .isInstanceOf(DeviceMemoryException.class)
        .hasMessageContaining("budget")
        .hasMessageContaining("300000 bytes free");
    FakeDriver.clear();
  }
}
