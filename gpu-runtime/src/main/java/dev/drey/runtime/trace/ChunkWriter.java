package dev.drey.runtime.trace;

import dev.drey.runtime.threads.EngineThread;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The thread that writes full chunks to the file and hands them back empty. If the file cannot be
 * written it says so in {@link #failure()} and goes on handing chunks back, so that nobody waits.
 */
final class ChunkWriter implements Runnable {
  private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final TraceFile file;
  private final BlockingQueue<TraceChunk> free;
  private final BlockingQueue<TraceChunk> full;
  private final Thread thread;
  private volatile boolean closing;
  private final AtomicLong lost = new AtomicLong();
  private volatile @Nullable IOException failure;

  /**
   * @param chunks how many chunks there are
   * @param chunkBytes room for events in each
   */
  ChunkWriter(TraceFile file, int chunks, int chunkBytes) {
    this.file = file;
    this.free = new ArrayBlockingQueue<>(chunks);
    this.full = new ArrayBlockingQueue<>(chunks);
    for (int i = 0; i < chunks; i++) {
      free.add(new TraceChunk(chunkBytes));
    }
    thread = EngineThread.of("drey-trace", this);
  }

  void start() {
    thread.start();
  }

  /** An empty chunk, or null if all are waiting to be written. */
  @Nullable TraceChunk poll() {
    return free.poll();
  }

  /** Hands a chunk over to be written. Never waits: there is a place for each chunk. */
  void submit(TraceChunk chunk) {
    full.add(chunk);
  }

  /** Events in chunks that could not be written. */
  long lost() {
    return lost.get();
  }

  /** Why the file cannot be written; null if it can. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  public void run() {
    try {
      while (!closing || !full.isEmpty()) {
        TraceChunk chunk = full.poll(50, TimeUnit.MILLISECONDS);
        if (chunk != null) {
          write(chunk);
          free.add(chunk);
        }
      }
    } catch (InterruptedException e) {
      failure = new IOException("the trace's writer was interrupted", e);
    }
  }

  private void write(TraceChunk chunk) {
    if (failure == null) {
      try {
        file.append(chunk);
        return;
      } catch (IOException e) {
        failure = e;
      }
    }
    lost.addAndGet(chunk.events());
  }

  /**
   * Waits for what has been handed over.
   *
   * @return whether all of it was taken care of in time
   */
  boolean finish() {
    closing = true;
    boolean interrupted = false;
    long end = System.nanoTime() + CLOSE_NANOS;
    while (thread.isAlive() && end - System.nanoTime() > 0) {
      try {
        thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }
}
