package dev.drey.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  @Test
  void aReservationCountsAtEveryAncestor() {
    MemoryBudget root = MemoryBudget.root("device", 100);
    MemoryBudget child = root.child("kv", 60);
    child.reserve(40);
    assertThat(root.usedBytes()).isEqualTo(40);
    assertThat(child.usedBytes()).isEqualTo(40);
    child.release(40);
    assertThat(root.usedBytes()).isZero();
    assertThat(root.peakBytes()).isEqualTo(40);
  }

  @Test
  void aReservationOverAnyLimitIsRefusedWithTheTreeAndReservesNothing() {
    MemoryBudget root = MemoryBudget.root("device", 100);
    MemoryBudget small = root.child("kv", 30);
    root.child("window").reserve(80);
    assertThatThrownBy(() -> small.reserve(31))
        .isInstanceOf(MemoryBudgetExceededException.class)
        .hasMessageContaining("'device/kv' asked for 31 bytes, more than 'device/kv' has left");
    assertThatThrownBy(() -> small.reserve(25))
        .hasMessageContaining("more than 'device' has left")
        .hasMessageContaining("window: used 80");
    assertThat(small.usedBytes()).isZero();
    assertThat(root.usedBytes()).isEqualTo(80);
  }

  @Test
  void closingWithBytesOutstandingIsALeakAndNamesTheOwner() {
    MemoryBudget root = MemoryBudget.root("device", 100);
    MemoryBudget child = root.child("staging");
    child.reserve(8);
    assertThatThrownBy(root::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("staging: used 8");
    child.release(8);
    child.close();
    child.close();
    root.close();
    assertThat(root.children()).isEmpty();
    assertThatThrownBy(() -> root.reserve(1)).hasMessageContaining("is closed");
  }

  @Test
  void releasingMoreThanIsHeldIsRefused() {
    MemoryBudget root = MemoryBudget.root("device", 100);
    root.reserve(5);
    assertThatThrownBy(() -> root.release(6))
        .hasMessageContaining("holds 5 bytes, asked to release 6");
  }
}
