package dev.drey.runtime.plan;

/** The memory asked for cannot hold the model's smallest working set. The message says what can. */
public final class InsufficientMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final long neededBytes;

  /**
   * @param message what was asked for, what would do and where to set it
   * @param neededBytes the smallest value that would have been accepted
   */
  public InsufficientMemoryException(String message, long neededBytes) {
    super(message);
    this.neededBytes = neededBytes;
  }

  /** The smallest value, in bytes, that would have been accepted. */
  public long neededBytes() {
    return neededBytes;
  }
}
