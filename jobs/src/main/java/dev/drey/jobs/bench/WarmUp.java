package dev.drey.jobs.bench;

import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import java.util.Collection;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Notes where an engine stands when the first quarter of a run's tokens is computed. What is timed
 * begins there: before it, caches fill and the compiler works through code that a new cluster has
 * made hot again. Looks in from a thread of its own, seldom enough not to be felt; a run too short
 * for that, of less than a few hundredths of a second, is timed from its beginning.
 */
final class WarmUp implements AutoCloseable {
  /**
   * Where an engine stands.
   *
   * @param rows tokens computed
   * @param spanNanos since its first step began
   * @param stepNanos of these, in steps
   */
  record Mark(long rows, long spanNanos, long stepNanos) {
    private static final Mark BEGINNING = new Mark(0, 0, 0);
  }

  private static final int SHARE = 4;
  private static final long POLL_NANOS = 10_000_000;

  private final long rows;
  private final Supplier<Collection<MoeEngine>> engines;
  private final Thread watcher;
  private volatile boolean stopped;
  private volatile Mark passed = Mark.BEGINNING;

  /**
   * @param tokens that the run will compute
   * @param engines those that are open; one of them, once the run has begun
   */
  WarmUp(long tokens, Supplier<Collection<MoeEngine>> engines) {
    this.rows = tokens / SHARE;
    this.engines = engines;
    this.watcher = new Thread(this::watch, "warm-up watcher");
    watcher.setDaemon(true);
    watcher.start();
  }

  private void watch() {
    while (!stopped) {
      for (MoeEngine engine : engines.get()) {
        EngineStats stats = engine.stats();
        if (stats.rows() >= rows && stats.rows() > 0) {
          passed = new Mark(stats.rows(), stats.spanNanos(), stats.stepNanos());
          return;
        }
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Where the engine stood when it was warm. */
  Mark end() throws InterruptedException {
    close();
    watcher.join();
    return passed;
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(watcher);
  }
}
