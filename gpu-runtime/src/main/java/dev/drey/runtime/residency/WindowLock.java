package dev.drey.runtime.residency;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The window's lock, its one condition, and whether the window can still be used. */
final class WindowLock {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // -- guarded by the lock
  private boolean closed;
  private @Nullable Throwable broken;

  /** Runs something under the lock. */
  <T> T with(Supplier<T> body) {
    lock.lock();
    try {
      return body.get();
    } finally {
      lock.unlock();
    }
  }

  /** Runs something under the lock. */
  void run(Runnable body) {
    lock.lock();
    try {
      body.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs a decision about slots, under the lock. If it throws, the books may be wrong and the
   * window is not used any more.
   */
  void decide(Runnable decision) {
    try {
      decision.run();
    } catch (RuntimeException | Error e) {
      if (broken == null) {
        broken = e;
      }
      changed.signalAll();
      throw e;
    }
  }

  /** Waits, under the lock, until the condition holds; returns the nanoseconds left of these. */
  long await(BooleanSupplier condition, long nanos) throws InterruptedException {
    long left = nanos;
    while (left > 0 && !condition.getAsBoolean()) {
      left = changed.awaitNanos(left);
    }
    return Math.max(0, left);
  }

  /** Wakes everybody who waits. */
  void changed() {
    changed.signalAll();
  }

  /** Marks the window closed; false if it was. */
  boolean close() {
    boolean first = !closed;
    closed = true;
    changed.signalAll();
    return first;
  }

  boolean isUsable() {
    return !closed && broken == null;
  }

  void requireUsable() {
    if (closed) {
      throw new IllegalStateException("the residency window is closed");
    }
    if (broken != null) {
      throw new IllegalStateException("the residency window is broken: " + broken, broken);
    }
  }
}
