package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.drey.runtime.device.Availability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jcuda.driver.JCudaDriver;

/**
 * The driver in {@code src/test/c}, which runs kernels on the processor and checks every access. It
 * is compiled and loaded when first asked for: a library that is loaded already, the binding's
 * dynamic linker takes, whatever else is installed.
 */
public final class FakeDriver {
  /** Initialised at first use. */
  private static final class Loaded {
    static final Availability OUTCOME = load();
  }

  private FakeDriver() {}

  /** Skips the test, with the reason, where there is no C compiler. */
  public static void require() {
    assumeTrue(Loaded.OUTCOME.usable(), Loaded.OUTCOME.cause());
    clear();
  }

  private static Availability load() {
    try {
      Path directory = Path.of("target", "fake-cuda").toAbsolutePath();
      Process build =
          new ProcessBuilder("sh", "src/test/c/build.sh", directory.toString())
              .redirectErrorStream(true)
              .redirectOutput(Path.of("target", "fake-cuda.log").toFile())
              .start();
      if (!build.waitFor(5, TimeUnit.MINUTES) || build.exitValue() != 0) {
        build.destroyForcibly();
        return Availability.unusable(
            "src/test/c/build.sh failed, target/fake-cuda.log says why; it needs gcc and g++");
      }
      System.load(directory.resolve("libcuda.so.1").toString());
      return Availability.usable("a driver that runs kernels on the processor");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Forgets what was found, and any failure asked for. */
  public static void clear() {
    tell("clear", "");
    failAllocation(0);
    memory(1L << 33);
  }

  /** The bytes of device memory there are from now on. */
  public static void memory(long bytes) {
    tell("memory", Long.toString(bytes));
  }

  /** The k-th allocation from now, on the device or pinned, fails; 0 for none. */
  public static void failAllocation(int k) {
    tell("fail-allocation", Integer.toString(k));
  }

  /** Every wrong access so far, and what is still allocated or open. */
  public static List<String> report() {
    try {
      Path file = Files.createTempFile("fake-cuda", ".txt");
      try {
        tell("report", file.toString());
        return Files.readAllLines(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails if anything was accessed wrongly, or is still allocated or open. */
  public static void requireClean() {
    if (Loaded.OUTCOME.usable()) {
      assertThat(report()).isEmpty();
    }
  }

  @SuppressWarnings("deprecation") // no program needs this call, so the fake driver listens to it
  private static void tell(String command, String argument) {
    assertThat(CudaDevice.availability().cause()).contains("GPU");
    assertThat(JCudaDriver.cuProfilerInitialize(command, argument, 0)).as(command).isZero();
  }
}
