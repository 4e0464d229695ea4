package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What whole engines leave behind. */
class CudaRestartTest {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  @Test
  @Timeout(300)
  void twentyRestartsInOneProcessLeaveNothingOnTheDeviceOrPinned() throws IOException {
    List<Integer> first = SmallEngine.generate();
    assertThat(first).hasSize(6);
    for (int restart = 1; restart < 20; restart++) {
      assertThat(SmallEngine.generate()).isEqualTo(first);
      TestGpu.requireClean();
    }
  }
}
