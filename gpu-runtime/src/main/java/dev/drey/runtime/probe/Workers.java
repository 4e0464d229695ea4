package dev.drey.runtime.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A few threads that do the same thing at the same time, for a probe. Owns the threads. */
final class Workers implements AutoCloseable {
  /** What each thread does. */
  interface Task {
    /**
     * @param worker who does it, from 0
     */
    void run(int worker) throws Exception;
  }

  private final ExecutorService threads;
  private final int count;

  Workers(int count) {
    this.count = count;
    this.threads = Executors.newFixedThreadPool(count);
  }

  /** Runs a task on every thread at once and returns how long all of them together took. */
  long nanos(Task task) {
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int worker = i;
      calls.add(
          () -> {
            task.run(worker);
            return true;
          });
    }
    long start = System.nanoTime();
    try {
      for (Future<Boolean> done : threads.invokeAll(calls)) {
        done.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring the machine", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the machine could not be measured", e.getCause());
    }
    return System.nanoTime() - start;
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
