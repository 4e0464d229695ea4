package dev.drey.operators.slot;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets a source's reader ask the decode head of its chain whether to hand out a record.
 *
 * <p><b>Ownership.</b> One gate per task attempt with two ends, the reader's and the head's; each
 * opens its end under the attempt's id and closes it. The gate is forgotten when no end is open, so
 * that nothing outlives the task.
 *
 * <p><b>Threading.</b> Opening and closing ends is thread-safe. Everything else happens in the
 * task's own thread, in which both ends live.
 *
 * <p><b>States.</b> Unattached until the head reports for the first time: then neither records nor
 * the end of input pass. Afterwards records pass while there is room, and the end of input passes
 * when the table is empty.
 */
public final class AdmissionGate {
  private static final ConcurrentHashMap<String, AdmissionGate> OPEN = new ConcurrentHashMap<>();

  private final String attempt;
  private int ends;
  private boolean attached;
  private boolean room;
  private boolean empty;
  private CompletableFuture<Void> opening = new CompletableFuture<>();

  private AdmissionGate(String attempt) {
    this.attempt = attempt;
  }

  /** One of the two holds on a gate. */
  public static final class End implements AutoCloseable {
    private final AdmissionGate gate;
    private final AtomicBoolean closed = new AtomicBoolean();

    private End(AdmissionGate gate) {
      this.gate = gate;
    }

    /** The gate. */
    public AdmissionGate gate() {
      return gate;
    }

    /** Gives the hold back; a second call does nothing. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        OPEN.computeIfPresent(gate.attempt, (id, open) -> --open.ends == 0 ? null : open);
      }
    }
  }

  /**
   * Opens one end of the gate of a task attempt.
   *
   * @param attempt id of the task attempt
   */
  public static End open(String attempt) {
    AdmissionGate[] opened = new AdmissionGate[1];
    OPEN.compute(
        attempt,
        (id, known) -> {
          opened[0] = known == null ? new AdmissionGate(id) : known;
          opened[0].ends++;
          return opened[0];
        });
    return new End(opened[0]);
  }

  /** Number of gates with an open end: 0 when no task runs. */
  public static int openGates() {
    return OPEN.size();
  }

  /**
   * The head's report.
   *
   * @param hasRoom whether the table can take another sequence
   * @param isEmpty whether it holds none
   */
  public void report(boolean hasRoom, boolean isEmpty) {
    boolean opens = (hasRoom && !room) || (isEmpty && !empty);
    attached = true;
    room = hasRoom;
    empty = isEmpty;
    if (opens) {
      CompletableFuture<Void> waiting = opening;
      opening = new CompletableFuture<>();
      waiting.complete(null);
    }
  }

  /** Whether the head has reported yet. */
  public boolean isAttached() {
    return attached;
  }

  /** Whether a record may pass. */
  public boolean hasRoom() {
    return room;
  }

  /** Whether the end of input may pass. */
  public boolean isEmpty() {
    return empty;
  }

  /** Completes when the gate next opens for records or for the end of input. */
  public CompletableFuture<Void> nextOpening() {
    return opening;
  }
}
