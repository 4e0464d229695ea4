package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Java process of its own, with its output in a file. It dies with {@link #kill}, which is
 * SIGKILL, and at the latest when this JVM exits.
 */
public final class ForkedJvm implements AutoCloseable {
  private static final long DEATH_SECONDS = 20;
  private static final int TAIL_CHARS = 2000;

  private final String name;
  private final Process process;
  private final Path log;
  private final Thread reaper;

  private ForkedJvm(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.reaper = new Thread(process::destroyForcibly, "reaper of " + name);
    Runtime.getRuntime().addShutdownHook(reaper);
  }

  /**
   * How to start one.
   *
   * @param name for messages and the log file
   * @param directory gets the log and is the working directory
   * @param options of the virtual machine; one given twice counts as given last
   * @param classPath entries
   * @param main class with the main method
   * @param arguments of the main method
   * @param environment variables besides this process's own
   */
  public record Command(
      String name,
      Path directory,
      List<String> options,
      List<String> classPath,
      String main,
      List<String> arguments,
      Map<String, String> environment) {}

  /** Starts a process. */
  public static ForkedJvm start(Command command) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("-Dlog4j2.configurationFile=" + Artifacts.forkedLogging());
    line.addAll(command.options());
    line.add("-cp");
    line.add(String.join(":", command.classPath()));
    line.add(command.main());
    line.addAll(command.arguments());
    Path log = command.directory().resolve(command.name() + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(line)
            .directory(command.directory().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().putAll(command.environment());
    return new ForkedJvm(command.name(), builder.start(), log);
  }

  /** Process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Everything it has written so far. */
  public String output() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }

  /** Fails with the end of the output if the process has ended. */
  public void requireAlive() throws IOException {
    if (!isAlive()) {
      String output = output();
      throw new AssertionError(
          "%s ended with exit status %d:%n%s"
              .formatted(
                  name,
                  process.exitValue(),
                  output.substring(Math.max(0, output.length() - TAIL_CHARS))));
    }
  }

  /**
   * Ctrl-C.
   *
   * @return the exit status
   */
  public int interrupt(Duration limit) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-INT", String.valueOf(pid())).start().waitFor();
    return awaitExit(limit);
  }

  /** Waits for its end; returns the exit status. */
  public int awaitExit(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("%s still runs after %d s".formatted(this, limit.toSeconds()));
    }
    return process.exitValue();
  }

  /** SIGKILL; returns when the process is gone. */
  public void kill() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(DEATH_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("%s (process %d) survives SIGKILL".formatted(name, pid()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(reaper);
    } catch (IllegalStateException exiting) {
      // the hook is running or has run
    }
  }

  @Override
  public String toString() {
    return "%s (process %d)".formatted(name, pid());
  }
}
