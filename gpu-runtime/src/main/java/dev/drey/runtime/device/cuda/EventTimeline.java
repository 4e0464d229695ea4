package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;

/**
 * The points marked in one stream, numbered in order. A point is a number; the driver's event
 * behind it exists only until some later look finds it reached, and is then used again. So points
 * may be kept for as long as anyone likes and need no closing.
 *
 * <p><b>Threading.</b> Marks are made by the stream's thread; anyone may ask for a point or wait
 * for it.
 *
 * <p><b>Locking.</b> One monitor around the books, never held while waiting. An event that somebody
 * waits for is neither used again nor destroyed before they have come back.
 */
final class EventTimeline {
  /** An event of the driver's and the point it was last recorded at. */
  private static final class Entry {
    final CUevent event;
    long point;
    int waiters;

    Entry(CUevent event) {
      this.event = event;
    }
  }

  private final CudaContext context;
  private final Deque<Entry> pending = new ArrayDeque<>();
  private final Deque<Entry> free = new ArrayDeque<>();
  private long marked;
  private long reached;
  private int waiting;

  EventTimeline(CudaContext context) {
    this.context = context;
  }

  /** Marks a point behind everything issued to the stream. The context must be entered. */
  synchronized DeviceEvent mark(CUstream stream) {
    look();
    Entry entry = free.isEmpty() ? new Entry(Driver.newEvent()) : free.pop();
    try {
      Driver.record(entry.event, stream);
    } catch (RuntimeException | Error e) {
      free.push(entry);
      throw e;
    }
    entry.point = ++marked;
    pending.add(entry);
    return new Point(entry.point);
  }

  /** Everything marked so far is known to be reached. */
  synchronized void allReached() {
    reached = marked;
    pending.forEach(this::recycle);
    pending.clear();
  }

  /** Takes out what has been reached, from the oldest on. */
  private void look() {
    while (!pending.isEmpty() && Driver.isReached(pending.element().event)) {
      Entry entry = pending.remove();
      reached = entry.point;
      recycle(entry);
    }
  }

  private void recycle(Entry entry) {
    if (entry.waiters == 0) {
      free.push(entry);
    }
  }

  private synchronized boolean isReached(long point) {
    if (reached < point) {
      context.enter();
      look();
    }
    return reached >= point;
  }

  private synchronized void holdBack(CUstream stream, long point) {
    if (reached < point) {
      Driver.waitFor(stream, pending(point).event);
    }
  }

  private Entry pending(long point) {
    for (Entry entry : pending) {
      if (entry.point == point) {
        return entry;
      }
    }
    throw new IllegalStateException("point " + point + " was never marked");
  }

  private void awaitPoint(long point) {
    Entry entry = startWaiting(point);
    if (entry == null) {
      return;
    }
    boolean done = false;
    try {
      context.enter();
      Driver.await(entry.event);
      done = true;
    } finally {
      stopWaiting(entry, done);
    }
  }

  private synchronized @Nullable Entry startWaiting(long point) {
    if (reached >= point) {
      return null;
    }
    Entry entry = pending(point);
    entry.waiters++;
    waiting++;
    return entry;
  }

  private synchronized void stopWaiting(Entry entry, boolean done) {
    entry.waiters--;
    waiting--;
    if (done) {
      while (!pending.isEmpty() && pending.element().point <= entry.point) {
        Entry passed = pending.remove();
        reached = Math.max(reached, passed.point);
        if (passed != entry) {
          recycle(passed);
        }
      }
    }
    if (entry.waiters == 0 && reached >= entry.point) {
      free.push(entry);
    }
    notifyAll();
  }

  /** Destroys the events. All points must be reached; waits for whoever waited for one. */
  synchronized void close() {
    boolean interrupted = false;
    while (waiting > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    while (!free.isEmpty()) {
      Driver.destroy(free.pop().event);
    }
  }

  /** A point in the stream. */
  final class Point implements DeviceEvent {
    private final long number;

    private Point(long number) {
      this.number = number;
    }

    /** Makes what is issued to another stream from here on wait; its context must be entered. */
    void holdBack(CUstream stream) {
      EventTimeline.this.holdBack(stream, number);
    }

    @Override
    public boolean reached() {
      return isReached(number);
    }

    @Override
    public void await() {
      awaitPoint(number);
    }
  }
}
