package dev.drey.jobs.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the thread of a replica's task every few milliseconds, on a thread of its own, while
 * steps run. Samples are taken where the JVM can stop a thread, which names classes rightly but not
 * lines; classes are all that is asked for.
 */
final class TaskSampler implements AutoCloseable {
  private static final long PERIOD_NANOS = 5_000_000;
  private static final String TASK_PREFIX = "Source: source";

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final BooleanSupplier stepping;
  private final Thread sampler;
  private final Map<Long, Long> cpuBefore = new HashMap<>();
  private final Map<Long, Long> cpuLast = new HashMap<>();
  private final Map<Long, String> kinds = new HashMap<>();
  private volatile boolean stopped;
  private TaskProfile profile = TaskProfile.EMPTY;

  /**
   * @param stepping whether the engine has begun its first step
   */
  TaskSampler(BooleanSupplier stepping) {
    this.stepping = stepping;
    this.sampler = new Thread(this::run, "drey-bench-sampler");
    sampler.setDaemon(true);
    sampler.start();
  }

  private void run() {
    @Nullable Thread task = null;
    while (!stopped && (task == null || task.isAlive())) {
      LockSupport.parkNanos(PERIOD_NANOS);
      if (task == null) {
        task = stepping.getAsBoolean() ? findTask() : null;
        if (task != null) {
          readCpu(cpuBefore);
        }
      } else {
        StackTraceElement[] stack = task.getStackTrace();
        if (stack.length > 0) {
          profile = profile.plus(stack);
        }
        if (profile.samples() % 50 == 0) {
          readCpu(cpuLast);
        }
      }
    }
  }

  private static @Nullable Thread findTask() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(TASK_PREFIX))
        .findFirst()
        .orElse(null);
  }

  private void readCpu(Map<Long, Long> into) {
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null) {
        long id = thread.getThreadId();
        kinds.putIfAbsent(id, kind(thread.getThreadName()));
        into.put(id, Math.max(0, threads.getThreadCpuTime(id)));
      }
    }
  }

  private static String kind(String thread) {
    if (thread.startsWith(TASK_PREFIX)) {
      return "task";
    }
    if (thread.startsWith("drey-bench")) {
      return "sampler";
    }
    if (thread.startsWith("drey-")) {
      return "engine threads";
    }
    return thread.startsWith("prefetch") ? "prefetch task" : "all other threads";
  }

  /** Ends sampling and says what was seen. */
  TaskProfile finish() throws InterruptedException {
    close();
    sampler.join();
    Map<String, Long> cpu = new HashMap<>();
    cpuLast.forEach(
        (id, nanos) ->
            cpu.merge(
                kinds.getOrDefault(id, "all other threads"),
                nanos - cpuBefore.getOrDefault(id, 0L),
                Long::sum));
    return profile.withCpu(cpu);
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(sampler);
  }
}
