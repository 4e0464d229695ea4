package dev.drey.it.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for something to become so, looking often, and gives up at a deadline. */
public final class Poll {
  private static final long PAUSE_NANOS = Duration.ofMillis(10).toNanos();

  private Poll() {}

  /**
   * Waits until the answer is yes.
   *
   * @param what what is waited for, for the message
   * @throws AssertionError at the deadline
   */
  public static void until(String what, Duration limit, Callable<Boolean> answer) throws Exception {
    untilPresent(what, limit, () -> answer.call() ? Optional.of(Boolean.TRUE) : Optional.empty());
  }

  /**
   * Waits for a value.
   *
   * @throws AssertionError at the deadline
   */
  public static <T> T untilPresent(String what, Duration limit, Callable<Optional<T>> value)
      throws Exception {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      Optional<T> found = value.call();
      if (found.isPresent()) {
        return found.get();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited %d s in vain for %s".formatted(limit.toSeconds(), what));
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("while waiting for " + what);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
