package dev.drey.jobs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A temporary directory that goes when it is closed.
 *
 * <p>When the process is asked to end, it waits for that: by then the running job is being
 * cancelled, and the thread that has the directory closes what lies in it on its way out. It does
 * not wait longer than {@value #PATIENCE_SECONDS} seconds.
 */
final class Workplace implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 15;

  private final Path path;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread onExit = new Thread(this::awaitClosed, "close-on-exit");

  private Workplace(Path path) {
    this.path = path;
    Runtime.getRuntime().addShutdownHook(onExit);
  }

  static Workplace create() throws IOException {
    return new Workplace(Files.createTempDirectory("drey-"));
  }

  Path path() {
    return path;
  }

  private void awaitClosed() {
    try {
      closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    try {
      delete();
    } finally {
      closed.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(onExit);
      } catch (IllegalStateException e) {
        // the process is ending; the hook is at work
      }
    }
  }

  private void delete() throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(path)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
