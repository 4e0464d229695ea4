package dev.drey.runtime.simulate;

import java.util.function.IntConsumer;

/**
 * The link in virtual time: moves one expert at a time, demands before prefetches, each in the
 * order it came. A prefetch that is being moved gives way to a demand at once and goes on later
 * where it stopped.
 */
final class SimulatedLink {
  private static final int NONE = -1;

  private final long moveNanos;
  private final IntConsumer arrived;
  private final long[] remaining;
  private final boolean[] started;
  private final long[] startedNanos;
  private final boolean[] demand;
  private final int[] next;
  private final int[] previous;
  private final int[] head = {NONE, NONE}; // of prefetches, of demands
  private final int[] tail = {NONE, NONE};
  private int moving = NONE;
  private long time;
  private long movedNanos;

  /**
   * @param experts numbers are below this
   * @param moveNanos time to move one
   * @param arrived is told of each that has been moved
   */
  SimulatedLink(int experts, long moveNanos, IntConsumer arrived) {
    this.moveNanos = moveNanos;
    this.arrived = arrived;
    this.remaining = new long[experts];
    this.started = new boolean[experts];
    this.startedNanos = new long[experts];
    this.demand = new boolean[experts];
    this.next = new int[experts];
    this.previous = new int[experts];
  }

  /** Queues an expert. */
  void submit(int expert, boolean isDemand) {
    remaining[expert] = moveNanos;
    started[expert] = false;
    demand[expert] = isDemand;
    append(expert);
    if (isDemand && moving != NONE && !demand[moving]) {
      prepend(moving);
      moving = NONE;
    }
  }

  /** Somebody has come to wait for an expert on its way. */
  void promote(int expert) {
    if (demand[expert]) {
      return;
    }
    if (expert == moving) {
      demand[expert] = true;
    } else {
      unlink(expert);
      demand[expert] = true;
      append(expert);
      if (moving != NONE && !demand[moving]) {
        prepend(moving);
        moving = NONE;
      }
    }
  }

  /** Takes an expert off the link. */
  void cancel(int expert) {
    if (expert == moving) {
      moving = NONE;
    } else {
      unlink(expert);
    }
  }

  /** Whether its bytes have begun to move. */
  boolean hasStarted(int expert) {
    return started[expert];
  }

  long startedNanos(int expert) {
    return started[expert] ? startedNanos[expert] : time;
  }

  boolean isDemand(int expert) {
    return demand[expert];
  }

  /** Share of it that has been moved, from 0 to 1. */
  double moved(int expert) {
    return moveNanos == 0 ? 0 : 1 - (double) remaining[expert] / moveNanos;
  }

  /** The prefetch issued last among those that have (not) begun to move; -1 if there is none. */
  int latestPrefetch(boolean hasStarted) {
    for (int expert = tail[0]; expert != NONE; expert = previous[expert]) {
      if (started[expert] == hasStarted) {
        return expert;
      }
    }
    return hasStarted && moving != NONE && !demand[moving] ? moving : NONE;
  }

  /** Time of the link. */
  long time() {
    return time;
  }

  /** Time it has been moving bytes. */
  long movedNanos() {
    return movedNanos;
  }

  /** Goes on to a time. */
  void advance(long to) {
    while (take()) {
      long done = time + remaining[moving];
      if (done > to) {
        remaining[moving] = done - to;
        movedNanos += to - time;
        time = to;
        return;
      }
      complete(done);
    }
    time = Math.max(time, to);
  }

  /** Goes on until the next expert has been moved; false if there is none. */
  boolean advanceToArrival() {
    if (!take()) {
      return false;
    }
    complete(time + remaining[moving]);
    return true;
  }

  private boolean take() {
    if (moving == NONE) {
      moving = head[1] != NONE ? head[1] : head[0];
      if (moving == NONE) {
        return false;
      }
      unlink(moving);
      if (!started[moving]) {
        started[moving] = true;
        startedNanos[moving] = time;
      }
    }
    return true;
  }

  private void complete(long done) {
    int expert = moving;
    moving = NONE;
    movedNanos += done - time;
    time = done;
    remaining[expert] = 0;
    arrived.accept(expert);
  }

  // -- the two queues

  private int queueOf(int expert) {
    return demand[expert] ? 1 : 0;
  }

  private void append(int expert) {
    int queue = queueOf(expert);
    next[expert] = NONE;
    previous[expert] = tail[queue];
    if (tail[queue] == NONE) {
      head[queue] = expert;
    } else {
      next[tail[queue]] = expert;
    }
    tail[queue] = expert;
  }

  private void prepend(int expert) {
    int queue = queueOf(expert);
    previous[expert] = NONE;
    next[expert] = head[queue];
    if (head[queue] == NONE) {
      tail[queue] = expert;
    } else {
      previous[head[queue]] = expert;
    }
    head[queue] = expert;
  }

  private void unlink(int expert) {
    int queue = queueOf(expert);
    if (previous[expert] == NONE) {
      head[queue] = next[expert];
    } else {
      next[previous[expert]] = next[expert];
    }
    if (next[expert] == NONE) {
      tail[queue] = previous[expert];
    } else {
      previous[next[expert]] = previous[expert];
    }
  }
}
