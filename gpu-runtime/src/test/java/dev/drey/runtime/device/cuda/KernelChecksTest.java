package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The driver that runs on the processor, checked by C programs that call it without Java between.
 * Skipped where there is no compiler.
 */
class KernelChecksTest {
  private static final Path PTX = Path.of("src/main/cuda/ptx");
  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)");

  @TempDir static Path folder;

  @BeforeAll
  static void buildTheDriver() throws IOException, InterruptedException {
    Tools.assumeAvailable("gcc", "g++");
    Tools.run("sh", "src/test/c/build.sh", folder);
  }

  private static Path program(String name) throws IOException, InterruptedException {
    Path program = folder.resolve(name);
    Tools.run(
        "gcc",
        "-std=gnu11",
        "-O1",
        "-o",
        program,
        "src/test/c/check/" + name + ".c",
        "-L" + folder,
        "-l:libcuda.so.1",
        "-Wl,-rpath," + folder);
    return program;
  }

  /**
   * The kernels' sources, run thread by thread with the tensor core's operands dealt out as the PTX
   * manual says, against plain C versions of them: the index arithmetic, without a GPU.
   */
  @Test
  void everyKernelsSourceLeavesTheBitsOfItsPlainVersion() throws IOException, InterruptedException {
    String output = Tools.run(program("check_kernels"), PTX);
    try (Stream<Path> files = Files.list(PTX)) {
      for (Path file : files.toList()) {
        ENTRY
            .matcher(Files.readString(file))
            .results()
            .forEach(entry -> assertThat(output).contains("compared " + entry.group(1) + "\n"));
      }
    }
  }

  @Test
  void theDriverFindsWrongAccessesMissingOrderAndLeaks() throws IOException, InterruptedException {
    Tools.run(program("check_driver"), PTX, folder.resolve("report"));
  }
}
