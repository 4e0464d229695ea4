package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernels' sources, run thread by thread on the processor with the tensor core's operands dealt
 * out as the PTX manual says, against plain C versions of them: the index arithmetic, without a
 * GPU.
 */
class KernelSourceTest {
  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)");

  @Test
  void everyKernelsSourceLeavesTheBitsOfItsPlainVersion(@TempDir Path folder)
      throws IOException, InterruptedException {
    Tools.assumeAvailable("gcc", "g++");
    Tools.run("sh", "src/test/c/build.sh", folder);
    Path program = folder.resolve("check_kernels");
    Tools.run(
        "gcc",
        "-std=gnu11",
        "-O1",
        "-o",
        program,
        "src/test/c/check/check_kernels.c",
        "-L" + folder,
        "-l:libcuda.so.1",
        "-Wl,-rpath," + folder);
    String output = Tools.run(program, "src/main/cuda/ptx");
    try (Stream<Path> files = Files.list(Path.of("src/main/cuda/ptx"))) {
      for (Path file : files.toList()) {
        ENTRY
            .matcher(Files.readString(file))
            .results()
            .forEach(entry -> assertThat(output).contains("compared " + entry.group(1) + "\n"));
      }
    }
  }
}
