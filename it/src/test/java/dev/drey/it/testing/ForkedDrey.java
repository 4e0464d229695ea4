package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command line in a process of its own, as the launcher starts it. */
public final class ForkedDrey {
  /** Size of {@link #FIXED_HEAP}. */
  public static final long FIXED_HEAP_BYTES = 512 << 20;

  /** A heap that is there from the beginning, so that all growth of a process is outside it. */
  public static final List<String> FIXED_HEAP =
      List.of("-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch");

  /** Ignored as too small, so that the limit set for the process of the tests is not inherited. */
  private static final String C_LIBRARY_DEFAULT = "0";

  private ForkedDrey() {}

  /**
   * The arguments that generate from a file.
   *
   * @param output folder of the results
   * @param more further options
   */
  public static List<String> generating(Path model, Path input, Path output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--model",
                model.toString(),
                "--input",
                input.toString(),
                "--output",
                output.toString()));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /**
   * Starts a command. What it prints is the process's output; its log is in {@code log/detail.log}.
   *
   * @param directory gets output, log and temporary files; the working directory
   * @param memory options for the heap
   */
  public static ForkedJvm start(Path directory, List<String> memory, List<String> arguments)
      throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    List<String> options = new ArrayList<>(memory);
    options.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-Dlog4j2.configurationFile=" + Artifacts.file("examples/config/log4j2.properties"),
            "-Ddrey.log=" + directory.resolve("log/detail.log"),
            "-Ddrey.home=" + Artifacts.root(),
            "-Djava.io.tmpdir=" + temporary));
    return ForkedJvm.start(
        new ForkedJvm.Command(
            "drey",
            directory,
            options,
            Artifacts.own(),
            "dev.drey.jobs.Drey",
            arguments,
            Map.of(
                "OMP_NUM_THREADS",
                "1",
                "RUST_FLAVOR",
                "cpu",
                "DJL_OFFLINE",
                "true",
                "MALLOC_ARENA_MAX",
                C_LIBRARY_DEFAULT)));
  }
}
