package dev.drey.jobs.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import one.profiler.AsyncProfiler;
import one.profiler.Counter;
import org.jspecify.annotations.Nullable;

/**
 * Profiles a replica's task from its first step until its thread ends, with async-profiler, which
 * Flink brings along.
 *
 * <p>Samples follow the processor time of the process, one per millisecond: a thread that waits, or
 * that another one has pushed off its core, is not seen. Where a thread stands when somebody else
 * uses its core would otherwise count for the call that woke that somebody.
 */
final class TaskSampler implements AutoCloseable {
  private static final long POLL_NANOS = 5_000_000;
  private static final String START = "start,event=itimer,interval=1000000,threads";

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final AsyncProfiler profiler = AsyncProfiler.getInstance();
  private final BooleanSupplier stepping;
  private final Thread watcher;
  private volatile boolean stopped;
  private volatile @Nullable String stacks;
  private volatile long allocated;

  /**
   * @param stepping whether the engine has begun its first step
   */
  TaskSampler(BooleanSupplier stepping) {
    this.stepping = stepping;
    this.watcher = new Thread(this::run, "profile watcher");
    watcher.setDaemon(true);
    watcher.start();
  }

  private void run() {
    Thread task = awaitTask();
    if (task == null) {
      return;
    }
    try {
      profiler.execute(START);
    } catch (IOException e) {
      throw new IllegalStateException("cannot profile: " + e.getMessage(), e);
    }
    long before = threads.getThreadAllocatedBytes(task.getId());
    while (!stopped && task.isAlive()) {
      // negative once the thread has ended
      allocated = Math.max(allocated, threads.getThreadAllocatedBytes(task.getId()) - before);
      LockSupport.parkNanos(POLL_NANOS);
    }
    profiler.stop();
    stacks = profiler.dumpCollapsed(Counter.SAMPLES);
  }

  private @Nullable Thread awaitTask() {
    while (!stopped) {
      if (stepping.getAsBoolean()) {
        Thread task = findTask();
        if (task != null) {
          return task;
        }
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return null;
  }

  private static @Nullable Thread findTask() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> TaskProfile.isTask(thread.getName()))
        .findFirst()
        .orElse(null);
  }

  /**
   * Ends sampling and says what was seen.
   *
   * @param steps steps of the run
   * @throws IllegalStateException if no task was seen, or none could be profiled
   */
  TaskProfile finish(long steps) throws InterruptedException {
    close();
    watcher.join();
    String seen = stacks;
    if (seen == null) {
      throw new IllegalStateException("no profile: the task's thread was not seen while steps ran");
    }
    return TaskProfile.of(seen.lines().toList(), allocated / steps);
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(watcher);
  }
}
