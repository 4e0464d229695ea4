package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.threads.EngineThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Moves bytes into device memory on I/O threads, demands before prefetches. It knows no experts.
 *
 * <p><b>Ownership.</b> The engine owns its threads; each thread owns one staging buffer and one
 * copy stream and frees them when it ends. The target memory belongs to whoever submits: it must
 * stay valid until the transfer has ended.
 *
 * <p><b>Threading.</b> Every method may be called by any thread; none waits for I/O except {@link
 * #close()}. The I/O threads are {@linkplain EngineThread threads of an engine} and are never
 * interrupted: an interrupt would close the file channel they read from, for everybody.
 *
 * <p><b>Priorities.</b> An I/O thread takes demands first, in the order they came. Between two
 * blocks a prefetch gives way to a waiting demand: it is put back in front of the other prefetches
 * and goes on later where it stopped, possibly on another thread.
 *
 * <p><b>Failure.</b> A read that throws an {@code IOException} is tried again, with a pause, {@code
 * attempts} times in all; anything else that a transfer throws fails it at once. The engine goes on
 * with the next transfer.
 *
 * <p><b>Locking.</b> One lock around the queue, never held during I/O or while a {@link Transfer}
 * is called. A caller may hold a lock of its own while it calls the engine, and take that lock in
 * the callbacks.
 */
public final class TransferEngine implements AutoCloseable {
  private final TransferQueue queue;
  private final TransferMeter meter;
  private final Duration deadline;
  private final List<TransferWorker> workers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  private TransferEngine(int queueCapacity, TransferConfig config, Ticker ticker) {
    this.queue = new TransferQueue(queueCapacity);
    this.meter = new TransferMeter(ticker);
    this.deadline = config.deadline();
  }

  /**
   * Bytes of staging memory that {@link #open} reserves.
   *
   * @param maxBlockBytes largest block of any transfer
   */
  public static long stagingBytes(TransferConfig config, int maxBlockBytes) {
    return config.threads() * TransferWorker.stagingBytes(maxBlockBytes);
  }

  /**
   * Starts the I/O threads.
   *
   * @param staging pays for the staging buffers and whatever the copy streams need
   * @param maxBlockBytes largest block of any transfer
   * @param queueCapacity most transfers that may wait at a time
   */
  public static TransferEngine open(
      Device device,
      MemoryBudget staging,
      int maxBlockBytes,
      int queueCapacity,
      TransferConfig config) {
    TransferEngine engine =
        unstarted(device, staging, maxBlockBytes, queueCapacity, config, Ticker.SYSTEM);
    try {
      engine.start();
      return engine;
    } catch (RuntimeException | Error e) {
      engine.closeAfter(e);
      throw e;
    }
  }

  /** An engine whose workers somebody else drives, one block at a time. */
  static TransferEngine unstarted(
      Device device,
      MemoryBudget staging,
      int maxBlockBytes,
      int queueCapacity,
      TransferConfig config,
      Ticker ticker) {
    TransferEngine engine = new TransferEngine(queueCapacity, config, ticker);
    Pacer pacer = new Pacer(ticker, config.maxBytesPerSecond());
    try {
      for (int i = 0; i < config.threads(); i++) {
        engine.workers.add(
            engine.newWorker(i, device, staging, maxBlockBytes, config, pacer, ticker));
      }
      return engine;
    } catch (RuntimeException | Error e) {
      engine.closeAfter(e);
      throw e;
    }
  }

  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException suppressed) {
      failure.addSuppressed(suppressed);
    }
  }

  private TransferWorker newWorker(
      int index,
      Device device,
      MemoryBudget budget,
      int maxBlockBytes,
      TransferConfig config,
      Pacer pacer,
      Ticker ticker) {
    HostBuffer staging =
        device.allocateHost(budget, Math.toIntExact(TransferWorker.stagingBytes(maxBlockBytes)));
    try {
      CopyStream stream = device.newCopyStream(budget);
      return new TransferWorker(
          "drey-io-" + index,
          queue,
          pacer,
          meter,
          ticker,
          config.attempts(),
          TransferWorker.pieceBytes(maxBlockBytes),
          staging,
          stream);
    } catch (RuntimeException | Error e) {
      staging.close();
      throw e;
    }
  }

  private void start() {
    for (int i = 0; i < workers.size(); i++) {
      Thread thread = EngineThread.of("drey-io-" + i, workers.get(i));
      thread.start();
      threads.add(thread);
    }
  }

  /**
   * Queues a transfer.
   *
   * @return its ticket, or null if the queue is full or the engine closed; the transfer's callbacks
   *     are then never called
   */
  public @Nullable TransferTicket submit(Transfer transfer, TransferPriority priority) {
    TransferTicket ticket = new TransferTicket(transfer, priority);
    return queue.submit(ticket) ? ticket : null;
  }

  /**
   * Makes a transfer a demand and takes back a cancellation that has not taken effect yet.
   *
   * @return false if it was cancelled or has failed, whether or not its callback has run already
   */
  public boolean promote(TransferTicket ticket) {
    return queue.promote(ticket);
  }

  /**
   * Cancels a transfer.
   *
   * @return true if it was waiting and is gone: nothing writes its target any more and none of its
   *     callbacks will be called. False if it is being moved or has ended: a callback follows, or
   *     has run.
   */
  public boolean cancel(TransferTicket ticket) {
    return queue.cancel(ticket);
  }

  /** What has been moved so far and how fast. */
  public TransferStats stats() {
    return meter.stats();
  }

  /** What every I/O thread is doing right now and how much waits, for messages. */
  public String describe() {
    StringJoiner text = new StringJoiner("; ");
    workers.forEach(worker -> text.add(worker.describe()));
    return text.add(queue.describe()).toString();
  }

  /** The workers, for whoever drives an unstarted engine. */
  List<TransferWorker> workers() {
    return workers;
  }

  /**
   * Cancels everything and waits for the I/O threads. Closing twice is harmless.
   *
   * @throws IllegalStateException if a thread is still busy after the configured deadline; it then
   *     keeps its staging memory, and the targets of its transfer must not be freed
   * @throws RuntimeException what a thread met when it freed its memory; all {@linkplain #hasEnded
   *     have ended}
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.close().forEach(ticket -> ticket.transfer().cancelled());
    workers.subList(threads.size(), workers.size()).forEach(TransferWorker::run);
    join();
    for (TransferWorker worker : workers) {
      RuntimeException failure = worker.releaseFailure();
      if (failure != null) {
        throw failure;
      }
    }
  }

  /** Whether it is closed and nothing of it writes to a target any more. */
  public boolean hasEnded() {
    return closed && threads.stream().noneMatch(Thread::isAlive);
  }

  private void join() {
    long end = System.nanoTime() + deadline.toNanos();
    boolean interrupted = false;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
      while (thread.isAlive() && end - System.nanoTime() > 0) {
        try {
          thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (threads.stream().anyMatch(Thread::isAlive)) {
      throw new IllegalStateException(
          "I/O threads still busy "
              + deadline
              + " after close; their memory is not freed. "
              + describe());
    }
  }
}
