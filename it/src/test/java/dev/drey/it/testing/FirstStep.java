package dev.drey.it.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The first step of a run in a process of its own, as its log tells.
 *
 * @param tokens computed in it
 * @param sinceStart from the start of the process to the end of the step, as seen from outside
 * @param sinceOpening from when the slot began to open its engine to the end of the step
 */
public record FirstStep(int tokens, Duration sinceStart, Duration sinceOpening) {
  private static final Pattern LINE =
      Pattern.compile(
          "First step, of (\\d+) tokens: began (\\d+) ms after the engine began to open, took (\\d+) ms");

  /**
   * Waits for it.
   *
   * @param process started by {@link ForkedDrey}
   * @param directory of the process
   * @param startNanos when it was started
   */
  public static FirstStep await(ForkedJvm process, Path directory, long startNanos, Duration limit)
      throws Exception {
    Path log = directory.resolve("log/detail.log");
    return Poll.untilPresent(
        "the first step of " + process,
        limit,
        () -> {
          process.requireAlive();
          Matcher line = LINE.matcher(Files.exists(log) ? Files.readString(log) : "");
          return line.find()
              ? Optional.of(
                  new FirstStep(
                      Integer.parseInt(line.group(1)),
                      Duration.ofNanos(System.nanoTime() - startNanos),
                      Duration.ofMillis(
                          Long.parseLong(line.group(2)) + Long.parseLong(line.group(3)))))
              : Optional.empty();
        });
  }
}
