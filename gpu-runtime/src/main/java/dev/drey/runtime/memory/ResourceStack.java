package dev.drey.runtime.memory;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Resources of one owner, closed together, the latest first: each may depend on those before. One
 * thread.
 */
public final class ResourceStack implements AutoCloseable {
  private final String owner;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /**
   * @param owner who owns them, for messages
   */
  public ResourceStack(String owner) {
    this.owner = owner;
  }

  /** Takes a resource over, and returns it. */
  public <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /** Closes everything because of a failure; what goes wrong meanwhile is added to it. */
  public void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException problem) {
      failure.addSuppressed(problem);
    }
  }

  /**
   * Closes everything, whatever goes wrong with some of it. Closing twice is harmless.
   *
   * @throws IllegalStateException if something could not be closed
   */
  @Override
  public void close() {
    RuntimeException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception problem) {
        if (failure == null) {
          failure = new IllegalStateException(owner + " did not close cleanly", problem);
        } else {
          failure.addSuppressed(problem);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
