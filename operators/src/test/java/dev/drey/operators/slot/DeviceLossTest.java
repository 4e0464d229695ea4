package dev.drey.operators.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.DeviceLostError;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;

class DeviceLossTest {
  /** A task that ends with such an error takes its TaskManager with it. */
  @Test
  void aLostDeviceIsFatalToFlink() {
    assertThat(ExceptionUtils.isJvmFatalError(new DeviceLostError("the GPU fell off the bus")))
        .isTrue();
  }
}
