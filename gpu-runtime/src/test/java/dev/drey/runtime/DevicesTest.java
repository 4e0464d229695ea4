package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.cuda.FakeDriver;
import dev.drey.runtime.model.ComputeType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DevicesTest {
  /** Runs in a process of its own, without a driver. */
  static final class WithoutDriver {
    private WithoutDriver() {}

    /** Prints what {@code auto} is, then how {@code cuda} is refused. */
    @SuppressWarnings("SystemOut") // what the test reads
    public static void main(String[] args) {
      System.out.println(Devices.choose(0));
      try (Device device = Devices.open("cuda", 0, ComputeType.F32, 1)) {
        System.out.println("opened " + device.name());
      } catch (IllegalStateException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  @Test
  void withoutADriverCudaIsRefusedWithTheCauseAndAutoIsCpu()
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            WithoutDriver.class.getName());
    builder.environment().remove("LD_LIBRARY_PATH");
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assumeFalse(output.contains("name=cuda"), "this machine has a GPU");
    assertThat(output)
        .contains("name=cpu")
        .contains("refused: the cuda device cannot be used on this machine: ")
        .contains("libcuda.so.1")
        .contains("install the driver");
  }

  @Test
  void withADriverAutoIsCudaAndSaysOnWhat() {
    FakeDriver.require();
    Devices.Choice choice = Devices.choose(0);
    assertThat(choice.name()).isEqualTo("cuda");
    assertThat(choice.reason()).startsWith("GPU 0 (").contains("compute capability");
    try (Device device = Devices.open("auto", 0, ComputeType.F32, 1)) {
      assertThat(device.name()).isEqualTo("cuda");
    }
    FakeDriver.requireClean();
  }

  @Test
  void aGpuThatTheMachineLacksIsRefusedWithTheNumberThereIs() {
    FakeDriver.require();
    assertThatThrownBy(() -> Devices.open("cuda", 7, ComputeType.F32, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("GPU 7 is asked for, the driver finds");
    assertThat(Devices.choose(7).name()).isEqualTo("cpu");
    FakeDriver.requireClean();
  }
}
