package dev.drey.runtime.threads;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that work through the pieces of one job at a time together with their caller.
 *
 * <p><b>Threading.</b> {@link #run} is called by one thread at a time. Pieces are claimed one by
 * one, in order; nobody waits for a thread that has not claimed any. Helpers spin between jobs, as
 * long as the caller usually takes for what it does alone, then sleep. A job allocates nothing.
 * Helpers are {@linkplain EngineThread threads of an engine}.
 *
 * <p><b>Failure.</b> The first piece that throws ends the job: no further piece is claimed, those
 * under way finish, and the caller gets the exception. The cancellation question is asked by the
 * caller only, before each piece it claims.
 */
public final class ThreadTeam implements AutoCloseable {
  /** The pieces of a job. */
  public interface Work {
    /**
     * Does one piece.
     *
     * @param worker who does it, from 0; distinct for threads that work at the same time
     * @param piece which one, from 0
     */
    void run(int worker, int piece);
  }

  /**
   * A helper that sleeps has to be woken, which takes as long as many a job: spinning through the
   * pauses within a step instead took 5 to 8 % off steps of 64 sequences; longer gained nothing.
   */
  private static final long SPIN_NANOS = 200_000;

  private static final long NAP_NANOS = 20_000;

  private final Thread[] helpers;
  private final AtomicInteger job = new AtomicInteger();
  private final AtomicInteger nextPiece = new AtomicInteger();
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger sleeping = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean open;
  private volatile boolean closed;
  private Work work = (worker, piece) -> {};
  private int pieces;

  /**
   * @param threads how many work on a job, the caller included
   */
  public ThreadTeam(int threads, String name) {
    helpers = new Thread[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      int worker = i + 1;
      helpers[i] = EngineThread.of(name + "-" + worker, () -> help(worker));
    }
    try {
      for (Thread helper : helpers) {
        helper.start();
      }
    } catch (Error e) {
      close();
      throw e;
    }
  }

  /** How many work on a job, the caller included. */
  public int threads() {
    return helpers.length + 1;
  }

  /**
   * Does all pieces of a job and returns when they are done.
   *
   * @throws CancellationException if the question answered true
   */
  public void run(int count, Work newWork, BooleanSupplier cancelled) {
    if (count <= 1 || helpers.length == 0) {
      for (int piece = 0; piece < count; piece++) {
        checkCancelled(cancelled);
        newWork.run(0, piece);
      }
      return;
    }
    boolean stop = false;
    start(count, newWork);
    try {
      int piece;
      while (!stop && (piece = nextPiece.getAndIncrement()) < pieces) {
        stop = cancelled.getAsBoolean();
        if (!stop) {
          doPiece(0, piece);
        }
      }
    } finally {
      nextPiece.set(pieces);
      finish();
    }
    Throwable thrown = failure.get();
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    if (stop) {
      throw new CancellationException("the operation was cancelled");
    }
  }

  private static void checkCancelled(BooleanSupplier cancelled) {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("the operation was cancelled");
    }
  }

  private void start(int count, Work newWork) {
    work = newWork;
    pieces = count;
    failure.set(null);
    nextPiece.set(0);
    job.incrementAndGet();
    open = true;
    if (sleeping.get() > 0) {
      int wanted = Math.min(helpers.length, count - 1);
      for (int i = 0; i < wanted; i++) {
        LockSupport.unpark(helpers[i]);
      }
    }
  }

  /** Lets nobody in any more and waits for those who are. */
  private void finish() {
    open = false;
    long start = System.nanoTime();
    while (inside.get() > 0) {
      if (System.nanoTime() - start < SPIN_NANOS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, NAP_NANOS);
      }
    }
  }

  private void doPiece(int worker, int piece) {
    try {
      work.run(worker, piece);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      nextPiece.set(pieces);
    }
  }

  private void help(int worker) {
    int seen = 0;
    while (!closed) {
      int current = awaitJobAfter(seen);
      inside.incrementAndGet();
      if (open && job.get() == current) {
        int piece;
        while ((piece = nextPiece.getAndIncrement()) < pieces) {
          doPiece(worker, piece);
        }
      }
      inside.decrementAndGet();
      seen = current;
    }
  }

  private int awaitJobAfter(int seen) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < SPIN_NANOS) {
      int current = job.get();
      if (current != seen || closed) {
        return current;
      }
      Thread.onSpinWait();
    }
    sleeping.incrementAndGet();
    while (job.get() == seen && !closed) {
      LockSupport.park(this);
    }
    sleeping.decrementAndGet();
    return job.get();
  }

  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    for (Thread helper : helpers) {
      joinUninterruptibly(helper);
    }
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
