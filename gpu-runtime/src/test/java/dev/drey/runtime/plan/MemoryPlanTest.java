package dev.drey.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.memory.MemorySize;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static final FixedMemory FIXED = new FixedMemory(100, 40, 10, 20, 20, 5, 5, 0);
  private static final long SLOT = 10;
  private static final int EXPERTS = 64;

  private static MemoryPlan solve(@Nullable String device, @Nullable String experts) {
    return MemoryPlan.solve(
        FIXED,
        SLOT,
        EXPERTS,
        2,
        device == null ? null : MemorySize.parse(device),
        experts == null ? null : MemorySize.parse(experts));
  }

  @Test
  void withoutLimitsEverythingIsResident() {
    MemoryPlan plan = solve(null, null);
    assertThat(plan.slots()).isEqualTo(EXPERTS);
    assertThat(plan.totalBytes()).isEqualTo(plan.residentBytes()).isEqualTo(840);
  }

  @Test
  void theTotalLeavesTheWindowWhatTheRestDoesNotNeed() {
    assertThat(solve("455", null).slots()).isEqualTo(25);
    assertThat(solve("50%", null).slots()).isEqualTo(22);
    assertThat(solve("100000", null).slots()).isEqualTo(EXPERTS);
  }

  @Test
  void expertMemoryIsAShareOfAllExperts() {
    assertThat(solve(null, "25%").slots()).isEqualTo(16);
    assertThat(solve(null, "25%").totalBytes()).isEqualTo(360);
    assertThat(solve(null, "39").slots()).isEqualTo(3);
  }

  @Test
  void theSmallestBudgetsWorkAndOneByteLessIsRefusedWithTheNumberThatWould() {
    assertThat(solve("220", null).slots()).isEqualTo(2);
    assertThatThrownBy(() -> solve("219", null))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("smallest that works is 220 bytes")
        .extracting("neededBytes")
        .isEqualTo(220L);
    assertThat(solve(null, "20").slots()).isEqualTo(2);
    assertThatThrownBy(() -> solve(null, "19"))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("at least 2 slots of 10 bytes, 20 bytes");
  }

  @Test
  void aWindowThatDoesNotFitTheTotalIsRefusedWithTheSum() {
    assertThatThrownBy(() -> solve("300", "25%"))
        .isInstanceOf(InsufficientMemoryException.class)
        .hasMessageContaining("needs 360 bytes")
        .extracting("neededBytes")
        .isEqualTo(360L);
  }
}
