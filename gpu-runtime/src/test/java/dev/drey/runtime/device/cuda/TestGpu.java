package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.device.Availability;

/**
 * The GPU that tests run on: the machine's if the system property {@value #REAL} is {@code true},
 * else the driver that runs on the processor.
 */
public final class TestGpu {
  /** System property that asks for the machine's GPU. */
  public static final String REAL = "drey.test.gpu";

  private TestGpu() {}

  /** Whether tests run on the machine's GPU. */
  public static boolean isReal() {
    return Boolean.getBoolean(REAL);
  }

  /** Fails without a GPU if one is asked for; skips the test where the fake cannot be built. */
  public static void require() {
    if (isReal()) {
      Availability gpu = CudaDevice.availability(0);
      assertThat(gpu.usable()).as(gpu.cause()).isTrue();
    } else {
      FakeDriver.require();
    }
  }

  /** Fails if anything was accessed wrongly or is left, as far as the driver can tell. */
  public static void requireClean() {
    if (!isReal()) {
      FakeDriver.requireClean();
    }
  }
}
