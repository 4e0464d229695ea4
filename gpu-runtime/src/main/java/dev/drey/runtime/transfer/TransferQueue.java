package dev.drey.runtime.transfer;

import dev.drey.runtime.transfer.TransferTicket.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The transfers that wait, by priority, and the decisions about the running ones. Within a priority
 * first come, first served; a transfer that gave way resumes before its equals.
 *
 * <p><b>Locking.</b> One lock, held for a few instructions; nothing is called under it.
 */
final class TransferQueue {
  /** What a worker does with its transfer next. */
  enum Next {
    MOVE,
    YIELD,
    STOP
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final ArrayDeque<TransferTicket> demands = new ArrayDeque<>();
  private final ArrayDeque<TransferTicket> prefetches = new ArrayDeque<>();
  private final int capacity;
  private volatile boolean closed;

  /**
   * @param capacity most transfers waiting, of both priorities together
   */
  TransferQueue(int capacity) {
    this.capacity = capacity;
  }

  /** Appends a transfer; false if the queue is full or closed. */
  boolean submit(TransferTicket ticket) {
    lock.lock();
    try {
      if (closed || demands.size() + prefetches.size() >= capacity) {
        return false;
      }
      queueOf(ticket).addLast(ticket);
      work.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the next transfer, demands first; null if none waits. */
  @Nullable TransferTicket poll() {
    lock.lock();
    try {
      TransferTicket ticket = demands.isEmpty() ? prefetches.poll() : demands.poll();
      if (ticket != null) {
        ticket.state = State.RUNNING;
      }
      return ticket;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a transfer; false once closed. */
  boolean awaitWork() {
    lock.lock();
    try {
      while (!closed && demands.isEmpty() && prefetches.isEmpty()) {
        work.awaitUninterruptibly();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Decides, before each block, how a running transfer goes on. */
  Next next(TransferTicket ticket) {
    lock.lock();
    try {
      if (stops(ticket)) {
        return Next.STOP;
      }
      boolean givesWay = ticket.priority == TransferPriority.PREFETCH && !demands.isEmpty();
      return givesWay ? Next.YIELD : Next.MOVE;
    } finally {
      lock.unlock();
    }
  }

  /** Puts a running transfer back; false if it is cancelled instead. */
  boolean putBack(TransferTicket ticket) {
    lock.lock();
    try {
      if (stops(ticket)) {
        return false;
      }
      ticket.state = State.QUEUED;
      queueOf(ticket).addFirst(ticket);
      work.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether a running transfer is to stop. It is cancelled from here on: nobody can promote it
   * while its last copies are awaited.
   */
  private boolean stops(TransferTicket ticket) {
    boolean stops = closed || ticket.stopRequested;
    if (stops) {
      ticket.state = State.CANCELLED;
    }
    return stops;
  }

  /** Ends a running transfer. From here on it can be neither promoted nor cancelled. */
  void end(TransferTicket ticket, State outcome) {
    lock.lock();
    try {
      ticket.state = outcome;
    } finally {
      lock.unlock();
    }
  }

  /** See {@link TransferEngine#promote}. */
  boolean promote(TransferTicket ticket) {
    lock.lock();
    try {
      if (ticket.state == State.CANCELLED || ticket.state == State.FAILED) {
        return false;
      }
      ticket.stopRequested = false;
      if (ticket.state == State.QUEUED && ticket.priority == TransferPriority.PREFETCH) {
        prefetches.remove(ticket);
        demands.addLast(ticket);
      }
      ticket.priority = TransferPriority.DEMAND;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** See {@link TransferEngine#cancel}. */
  boolean cancel(TransferTicket ticket) {
    lock.lock();
    try {
      if (ticket.state == State.QUEUED) {
        queueOf(ticket).remove(ticket);
        ticket.state = State.CANCELLED;
        return true;
      }
      ticket.stopRequested = true;
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Closes the queue, wakes everybody and returns what was still waiting. */
  List<TransferTicket> close() {
    lock.lock();
    try {
      closed = true;
      List<TransferTicket> waiting = new ArrayList<>(demands);
      waiting.addAll(prefetches);
      waiting.forEach(ticket -> ticket.state = State.CANCELLED);
      demands.clear();
      prefetches.clear();
      work.signalAll();
      return waiting;
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** The lengths of the two queues, for messages. */
  String describe() {
    lock.lock();
    try {
      return demands.size() + " demands and " + prefetches.size() + " prefetches queued";
    } finally {
      lock.unlock();
    }
  }

  private ArrayDeque<TransferTicket> queueOf(TransferTicket ticket) {
    return ticket.priority == TransferPriority.DEMAND ? demands : prefetches;
  }
}
