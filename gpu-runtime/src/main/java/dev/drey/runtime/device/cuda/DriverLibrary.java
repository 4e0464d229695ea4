package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.Availability;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Loads the binding to the NVIDIA driver and initialises the driver, once per process.
 *
 * <p><b>Where from.</b> The binding unpacks its native library into {@code java.io.tmpdir} and
 * loads whatever lies there under the right name, without a look at it. So it is shown a directory
 * that is this process's alone, for as long as it takes to load, and the file is deleted when it is
 * mapped. The driver itself, {@code libcuda.so.1}, is found by the dynamic linker.
 *
 * <p><b>Failure.</b> A class that failed to initialise cannot be tried again, so the outcome is
 * found once and kept with its cause.
 */
final class DriverLibrary {
  private static final String TEMPORARY_DIRECTORY = "java.io.tmpdir";

  /** Initialised at first use; holds the outcome for good. */
  private static final class Probe {
    static final Availability OUTCOME = probe();
  }

  private DriverLibrary() {}

  /** Whether the driver is loaded and has found a GPU. */
  static Availability availability() {
    return Probe.OUTCOME;
  }

  private static Availability probe() {
    String machine = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
    if (!machine.toLowerCase(Locale.ROOT).equals("linux/amd64")) {
      return Availability.unusable("it needs Linux on x86-64, this is " + machine);
    }
    try {
      Path unpacked = Files.createTempDirectory("drey-jcuda-");
      try {
        return initialise(unpacked);
      } finally {
        delete(unpacked);
      }
    } catch (IOException e) {
      return Availability.unusable("the binding to the driver cannot be unpacked: " + e);
    }
  }

  private static Availability initialise(Path unpacked) {
    String before = System.getProperty(TEMPORARY_DIRECTORY);
    System.setProperty(TEMPORARY_DIRECTORY, unpacked.toString());
    try {
      int result = JCudaDriver.cuInit(0);
      if (result != CUresult.CUDA_SUCCESS) {
        return Availability.unusable(
            "the NVIDIA driver cannot start: %s from cuInit; nvidia-smi shows what it sees"
                .formatted(CUresult.stringFor(result)));
      }
    } catch (LinkageError e) {
      return Availability.unusable(
          "the NVIDIA driver (libcuda.so.1) cannot be loaded: %s; install the driver, or add its"
                  .formatted(reason(e))
              + " directory to LD_LIBRARY_PATH");
    } finally {
      System.setProperty(TEMPORARY_DIRECTORY, before);
    }
    int devices = Driver.deviceCount();
    return devices == 0
        ? Availability.unusable("the NVIDIA driver finds no GPU")
        : Availability.usable(
            "%d GPU%s, driver for CUDA %s"
                .formatted(devices, devices == 1 ? "" : "s", Driver.driverVersion()));
  }

  /** The line of the binding's many that names the library. */
  private static String reason(LinkageError error) {
    return String.valueOf(error.getMessage())
        .lines()
        .filter(line -> line.contains("libcuda"))
        .findFirst()
        .orElse(String.valueOf(error))
        .strip();
  }

  private static void delete(Path directory) throws IOException {
    File[] files = directory.toFile().listFiles();
    for (File file : files == null ? new File[0] : files) {
      Files.delete(file.toPath());
    }
    Files.delete(directory);
  }
}
