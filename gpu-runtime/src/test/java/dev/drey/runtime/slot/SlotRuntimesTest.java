package dev.drey.runtime.slot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.TestEngines;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SlotRuntimesTest {
  private static final EngineConfig CONFIG = TestEngines.golden("50%");
  private static final Duration LONG = Duration.ofHours(1);

  @AfterEach
  void nothingStaysOpen() {
    SlotRuntimes.closeIdle();
    assertThat(SlotRuntimes.open()).isEmpty();
  }

  private static SlotKey key(String job, String slot) {
    return new SlotKey(job, slot);
  }

  @Test
  void usersOfASlotShareOneEngineWhichClosesAfterTheLast() throws IOException {
    SlotRuntime first = SlotRuntimes.acquire(key("job", "a"), CONFIG, Duration.ZERO);
    SlotRuntime second = SlotRuntimes.acquire(key("job", "a"), CONFIG, Duration.ZERO);
    assertThat(second.engine()).isSameAs(first.engine());
    first.close();
    first.close();
    assertThat(SlotRuntimes.open()).containsKey(key("job", "a"));
    second.close();
    assertThat(SlotRuntimes.open()).isEmpty();
  }

  @Test
  void slotsHaveEnginesOfTheirOwn() throws IOException {
    try (SlotRuntime a = SlotRuntimes.acquire(key("job", "a"), CONFIG, Duration.ZERO);
        SlotRuntime b = SlotRuntimes.acquire(key("job", "b"), CONFIG, Duration.ZERO)) {
      assertThat(a.engine()).isNotSameAs(b.engine());
    }
  }

  @Test
  void anEngineLingersForTheRestartOfItsJob() throws IOException {
    MoeEngine before;
    try (SlotRuntime runtime = SlotRuntimes.acquire(key("job", "a"), CONFIG, LONG)) {
      before = runtime.engine();
    }
    try (SlotRuntime runtime = SlotRuntimes.acquire(key("job", "a"), CONFIG, LONG)) {
      assertThat(runtime.engine()).isSameAs(before);
    }
  }

  @Test
  void aLingeringEngineMakesRoomForAnotherJobButNotForItsOwn() throws IOException {
    SlotRuntimes.acquire(key("old", "a"), CONFIG, LONG).close();
    SlotRuntimes.acquire(key("old", "b"), CONFIG, LONG).close();
    assertThat(SlotRuntimes.open()).containsOnlyKeys(key("old", "a"), key("old", "b"));
    SlotRuntimes.acquire(key("new", "a"), CONFIG, LONG).close();
    assertThat(SlotRuntimes.open()).containsOnlyKeys(key("new", "a"));
  }

  @Test
  void aSlotInUseCannotBeReconfiguredAnIdleOneCan() throws IOException {
    EngineConfig other = TestEngines.golden("25%");
    SlotRuntime runtime = SlotRuntimes.acquire(key("job", "a"), CONFIG, LONG);
    assertThatThrownBy(() -> SlotRuntimes.acquire(key("job", "a"), other, LONG))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in use with another configuration");
    MoeEngine before = runtime.engine();
    runtime.close();
    try (SlotRuntime again = SlotRuntimes.acquire(key("job", "a"), other, LONG)) {
      assertThat(again.engine()).isNotSameAs(before);
    }
  }

  @Test
  void aFailureToOpenLeavesNothingBehind() {
    EngineConfig tooSmall = TestEngines.golden("1%");
    assertThatThrownBy(() -> SlotRuntimes.acquire(key("job", "a"), tooSmall, LONG))
        .hasMessageContaining("too small");
    SlotRuntimes.closeIdle();
    assertThat(SlotRuntimes.open()).isEmpty();
  }
}
