package dev.drey.runtime.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.MatrixShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs a product in a process of its own, whose environment says nothing or something else. */
class OpenMpTest {
  private static final String THREAD = "openmp-probe";

  @ParameterizedTest
  @ValueSource(strings = {"", "3"})
  void openMpStaysAtOneThreadWhateverTheEnvironmentSays(String setting) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Probe.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("OMP_NUM_THREADS");
    if (!setting.isEmpty()) {
      builder.environment().put("OMP_NUM_THREADS", setting);
    }
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).isEqualTo("threads: 1");
  }

  /** OpenMP names its threads after the thread that starts them; this counts them. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws Exception {
      Thread thread = new Thread(Probe::compute, THREAD);
      thread.start();
      thread.join();
    }

    private static void compute() {
      try (CpuDevice device = CpuDevice.open(ComputeType.F32, 1)) {
        device.matrixLayout(new MatrixShape(2048, 512));
        System.out.println("threads: " + named());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static long named() throws IOException {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        return tasks.filter(Probe::isNamed).count();
      }
    }

    private static boolean isNamed(Path task) {
      try {
        return Files.readString(task.resolve("comm")).strip().equals(THREAD);
      } catch (IOException e) {
        return false;
      }
    }
  }
}
