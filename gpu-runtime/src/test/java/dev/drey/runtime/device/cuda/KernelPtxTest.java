package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The PTX that is committed beside the kernels. */
class KernelPtxTest {
  private static final Path KERNELS = Path.of("src/main/cuda");

  private static List<String> names(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(suffix))
          .map(name -> name.substring(0, name.length() - suffix.length()))
          .sorted()
          .toList();
    }
  }

  @Test
  void everyFileOfKernelsIsPackedAsPtxForOldDrivers() throws IOException {
    List<String> sources = names(KERNELS, ".cu");
    assertThat(sources).isNotEmpty().isEqualTo(names(KERNELS.resolve("ptx"), ".ptx"));
    for (String name : sources) {
      try (InputStream ptx =
          getClass().getResourceAsStream("/dev/drey/runtime/device/cuda/" + name + ".ptx")) {
        assertThat(ptx).as(name).isNotNull();
        assertThat(new String(ptx.readAllBytes(), StandardCharsets.US_ASCII))
            .as(name)
            .contains(".version 7.0\n.target sm_80\n")
            .contains(".entry");
      }
    }
  }

  @Test
  void thePtxIsWhatTheKernelsGiveAndAssemblesForEveryTarget()
      throws IOException, InterruptedException {
    Tools.assumeAvailable("nvcc", "ptxas");
    assumeTrue(
        Tools.run("nvcc", "--version").contains("release 13.0"),
        "the committed PTX is of nvcc 13.0; another release writes other PTX");
    Tools.run("sh", KERNELS.resolve("build.sh"), "--check");
  }
}
