package dev.drey.runtime.slot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.device.cuda.FakeDriver;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.transfer.TransferConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One slot per GPU. */
class GpuSlotsTest {
  private static final Duration LONG = Duration.ofHours(1);

  @BeforeEach
  void needsTheFakeDriver() {
    FakeDriver.require();
  }

  @AfterEach
  void nothingStaysOpen() {
    SlotRuntimes.closeIdle();
    assertThat(SlotRuntimes.open()).isEmpty();
    FakeDriver.requireClean();
  }

  private static EngineConfig on(String device) {
    return new EngineConfig(
        "src/test/resources/golden/qwen3_moe",
        device,
        ComputeType.F32,
        1,
        null,
        MemorySize.ofPercent(50),
        256,
        "none",
        "classic.lru",
        new ScheduleConfig(4, 2, 32, 16, 1_000_000_000L),
        TransferConfig.DEFAULT);
  }

  private static SlotRuntime acquire(String slot, EngineConfig config, Integer... gpus)
      throws IOException {
    return SlotRuntimes.acquire(new SlotKey("job", slot), config, List.of(gpus), LONG);
  }

  @Test
  void aSecondSlotOnTheSameGpuIsRefusedAndToldWhatToSet() throws IOException {
    for (String device : List.of("cuda", "auto")) {
      try (SlotRuntime first = acquire("a", on(device), 0)) {
        assertThat(first.engine().info().fingerprint()).startsWith("cuda/");
        assertThatThrownBy(() -> acquire("b", on(device), 0))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("slot b may compute on GPU 0")
            .hasMessageContaining("taskmanager.numberOfTaskSlots");
        assertThatThrownBy(() -> acquire("b", on(device)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("GPU 0");
      }
      SlotRuntimes.closeIdle();
    }
  }

  @Test
  void aSlotTakesAGpuThatNoOtherSlotComputesOn() throws IOException {
    try (SlotRuntime first = acquire("a", on("cuda"), 0, 7)) {
      assertThat(first.engine().info().fingerprint()).startsWith("cuda/");
      assertThatThrownBy(() -> acquire("b", on("cuda"), 0, 7))
          .as("this machine has no GPU 7, but it was the one to take")
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("GPU 7 is asked for");
    }
  }

  @Test
  void anEngineThatLingersOnTheGpuMakesRoom() throws IOException {
    acquire("a", on("cuda"), 0).close();
    try (SlotRuntime second = acquire("b", on("cuda"), 0)) {
      assertThat(SlotRuntimes.open()).containsOnlyKeys(new SlotKey("job", "b"));
      assertThat(second.engine().failed()).isFalse();
    }
  }

  @Test
  void slotsOnSeveralGpusShareOneHostTierThatClosesWithTheLast() throws IOException {
    EngineConfig config = on("cuda").withHostMemory(MemorySize.ofPercent(100));
    HostTierStats first;
    SlotRuntime two;
    try (SlotRuntime one = acquire("a", config, 0, 1)) {
      two = acquire("b", config, 0, 1);
      run(one);
      first = tier(one);
      assertThat(first.bytesFromStorage()).isPositive();
      assertThat(tier(two).resident()).isEqualTo(first.resident());
    }
    SlotRuntimes.closeIdle();
    run(two);
    assertThat(tier(two).bytesFromStorage()).as("all was read for the other slot").isZero();
    assertThat(tier(two).bytesFromHost()).isPositive();
    assertThat(tier(two).hits()).isPositive();
    two.close();
  }

  private static HostTierStats tier(SlotRuntime slot) {
    return Objects.requireNonNull(slot.engine().stats().hostTier());
  }

  private static void run(SlotRuntime slot) {
    SamplingParams greedy =
        new SamplingParams(4, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), false, 0, -1);
    int[] prompt = {5, 17, 80, 33, 9, 211, 64};
    Sequence sequence = Sequence.fresh(SequenceRequest.generate("s", prompt, greedy));
    new DecodeLoop(slot.engine()).run(List.of(sequence).iterator(), done -> {});
  }

  @Test
  void hostMemoryForADeviceThatComputesInItIsRefused() {
    assertThatThrownBy(() -> acquire("a", on("reference").withHostMemory(MemorySize.ofPercent(10))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'reference', which computes in the host's memory");
  }

  @Test
  void slotsThatComputeOnProcessorsNeedNoGpu() throws IOException {
    try (SlotRuntime first = acquire("a", on("reference"), 0);
        SlotRuntime second = acquire("b", on("reference"), 0)) {
      assertThat(first.engine()).isNotSameAs(second.engine());
    }
  }
}
