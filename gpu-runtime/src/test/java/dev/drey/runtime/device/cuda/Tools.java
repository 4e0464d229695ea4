package dev.drey.runtime.device.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Compilers and other programs of this machine, which tests run where they are there. */
final class Tools {
  private Tools() {}

  /** Skips the test, with its reason, unless all of these are on the path. */
  static void assumeAvailable(String... names) {
    for (String name : names) {
      boolean found =
          Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
      assumeTrue(found, name + " is not on the path of this machine");
    }
  }

  /**
   * Runs a program to its end.
   *
   * @return what it printed
   * @throws AssertionError if it fails; says what it printed
   */
  static String run(Object... command) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    for (Object word : command) {
      words.add(word.toString());
    }
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int status = process.waitFor();
    if (status != 0) {
      throw new AssertionError("%s ended with %d:%n%s".formatted(words, status, output));
    }
    return output;
  }
}
