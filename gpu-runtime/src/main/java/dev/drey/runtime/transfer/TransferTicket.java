package dev.drey.runtime.transfer;

/** A transfer that was handed to the engine: the handle by which it is promoted or cancelled. */
public final class TransferTicket {
  enum State {
    QUEUED,
    RUNNING,
    COMPLETED,
    CANCELLED,
    FAILED
  }

  private final Transfer transfer;

  // -- guarded by the queue's lock
  State state = State.QUEUED;
  boolean stopRequested;

  // -- written by the worker that runs it; handed on under the queue's lock
  int nextBlock;

  // -- read by anybody
  volatile TransferPriority priority;
  private volatile boolean started;
  private volatile long startedNanos;

  TransferTicket(Transfer transfer, TransferPriority priority) {
    this.transfer = transfer;
    this.priority = priority;
  }

  /** What is moved. */
  Transfer transfer() {
    return transfer;
  }

  void start(long nanos) {
    if (!started) {
      startedNanos = nanos;
      started = true;
    }
  }

  /** Whether an I/O thread has begun to move it. */
  public boolean started() {
    return started;
  }

  /** When an I/O thread began to move it, by {@link System#nanoTime()}; meaningless before. */
  public long startedNanos() {
    return startedNanos;
  }
}
