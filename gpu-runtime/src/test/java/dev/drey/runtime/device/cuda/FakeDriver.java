package dev.drey.runtime.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Builds the CUDA driver that runs on the processor ({@code src/test/c}). Skips the test where there
 * is no compiler.
 */
final class FakeDriver {
  private static final Path SOURCES = Path.of("src/test/c");
  private static final Path FOLDER = Path.of("target/fake-cuda");
  private static final String LIBRARY = "libcuda.so.1";

  private FakeDriver() {}

  /** The folder with {@code libcuda.so.1}, built if it is not newer than its sources. */
  static synchronized Path folder() throws IOException, InterruptedException {
    Tools.assumeAvailable("gcc", "g++");
    if (!isCurrent(FOLDER.resolve(LIBRARY))) {
      Files.createDirectories(FOLDER);
      Path building = Files.createTempDirectory(FOLDER.getParent(), "fake-cuda-building");
      try {
        Tools.run("sh", SOURCES.resolve("build.sh"), building);
        Files.move(
            building.resolve(LIBRARY),
            FOLDER.resolve(LIBRARY),
            StandardCopyOption.REPLACE_EXISTING,
            StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(building.resolve("emulation.o"));
        Files.deleteIfExists(building);
      }
    }
    return FOLDER.toAbsolutePath();
  }

  private static boolean isCurrent(Path library) throws IOException {
    if (!Files.exists(library)) {
      return false;
    }
    for (Path folder : List.of(SOURCES, Path.of("src/main/cuda"))) {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          if (Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(library)) > 0) {
            return false;
          }
        }
      }
    }
    return true;
  }
}
