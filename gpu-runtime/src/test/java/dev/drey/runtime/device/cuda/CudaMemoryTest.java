package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to whole engines when memory runs out. */
class CudaMemoryTest {
  @BeforeEach
  void needsTheDriver() {
    FakeDriver.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    FakeDriver.requireClean();
  }

  @Test
  @Timeout(600)
  void whicheverAllocationFailsTheEngineEndsCleanlyAndTheNextOneWorks() throws IOException {
    List<Integer> expected = SmallEngine.generate();
    int refused = 0;
    for (int k = 1; k <= 200; k++) {
      FakeDriver.failAllocation(k);
      try {
        assertThat(SmallEngine.generate()).isEqualTo(expected);
      } catch (DeviceMemoryException e) {
        refused++;
        assertThat(e).hasMessageContaining("refused");
      } finally {
        FakeDriver.failAllocation(0);
      }
      assertThat(FakeDriver.report()).as("allocation %d", k).isEmpty();
    }
    assertThat(refused).isGreaterThan(20);
    assertThat(SmallEngine.generate()).isEqualTo(expected);
  }

  @Test
  void aGpuThatIsTooSmallIsRefusedWithItsSize() {
    FakeDriver.memory(300_000);
    assertThatThrownBy(SmallEngine::generate)
        .isInstanceOf(DeviceMemoryException.class)
        .hasMessageContaining("budget")
        .hasMessageContaining("300000 bytes free");
    FakeDriver.clear();
  }
}
