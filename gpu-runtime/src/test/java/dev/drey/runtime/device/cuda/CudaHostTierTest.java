package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.plan.InsufficientMemoryException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Engines that keep experts in pinned memory. */
class CudaHostTierTest {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  @Test
  void aHostTierOfAnySizeChangesNoOutput() throws IOException {
    List<Integer> expected = SmallEngine.generate(null).ids();
    for (double percent : new double[] {5, 30, 100}) {
      SmallEngine.Run run = SmallEngine.generate(MemorySize.ofPercent(percent));
      assertThat(run.ids()).as("%s %%", percent).isEqualTo(expected);
    }
  }

  @Test
  void whatIsInTheHostTierIsNotReadFromStorageAgain() throws IOException {
    SmallEngine.Run run = SmallEngine.generate(MemorySize.ofPercent(100));
    HostTierStats tier = Objects.requireNonNull(run.stats().hostTier());
    assertThat(tier.hits()).isPositive();
    assertThat(tier.resident()).isLessThanOrEqualTo(tier.slots());
    long moved = run.stats().residency().bytesDemand() + run.stats().residency().bytesPrefetch();
    assertThat(tier.bytesFromHost() + tier.bytesFromStorage()).isGreaterThanOrEqualTo(moved);
    assertThat(run.stats().usedBytes())
        .as("the tier has a budget of its own")
        .isEqualTo(SmallEngine.generate(null).stats().usedBytes());
  }

  @Test
  void hostMemoryForLessThanOneExpertIsRefused() {
    assertThatThrownBy(() -> SmallEngine.generate(MemorySize.ofBytes(100)))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("host memory of 100 bytes is too small");
  }
}
