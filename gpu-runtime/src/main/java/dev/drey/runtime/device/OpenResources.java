package dev.drey.runtime.device;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a device has handed out and not got back: the leak check of {@link Device#close()}.
 * Thread-safe.
 */
public final class OpenResources {
  /** One thing handed out. Compared by identity. */
  public static final class Ticket {
    private final String what;

    private Ticket(String what) {
      this.what = what;
    }
  }

  private final String device;
  private final Set<Ticket> open = new LinkedHashSet<>();
  private boolean closed;

  /**
   * @param device name of the device, for messages
   */
  public OpenResources(String device) {
    this.device = device;
  }

  /**
   * Notes that something is handed out.
   *
   * @param what for messages: its kind, size and budget
   * @throws IllegalStateException if the device is closed
   */
  public synchronized Ticket opened(String what) {
    if (closed) {
      throw new IllegalStateException("device '" + device + "' is closed; asked for " + what);
    }
    Ticket ticket = new Ticket(what);
    open.add(ticket);
    return ticket;
  }

  /** Notes that it came back. Returns false if it had come back before. */
  public synchronized boolean closed(Ticket ticket) {
    return open.remove(ticket);
  }

  /**
   * Closes the ledger.
   *
   * @return false if it was closed before
   * @throws IllegalStateException if anything is still open, with a list; the ledger stays open
   */
  public synchronized boolean close() {
    if (closed) {
      return false;
    }
    if (!open.isEmpty()) {
      throw new IllegalStateException(
          "device '%s' is closed with %d resources open: %s; close them first"
              .formatted(
                  device,
                  open.size(),
                  open.stream().limit(20).map(t -> t.what).collect(Collectors.joining(", "))));
    }
    closed = true;
    return true;
  }
}
