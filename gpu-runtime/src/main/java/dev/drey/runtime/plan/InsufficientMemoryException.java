package dev.drey.runtime.plan;

/** The memory asked for cannot hold the model's smallest working set. The message says what can. */
public final class InsufficientMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final long neededBytes;

  InsufficientMemoryException(String message, long neededBytes) {
    super(message);
    this.neededBytes = neededBytes;
  }

  /** The smallest value, in bytes, that would have been accepted. */
  public long neededBytes() {
    return neededBytes;
  }
}
