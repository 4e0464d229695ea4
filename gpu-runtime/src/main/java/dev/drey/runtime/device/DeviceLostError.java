package dev.drey.runtime.device;

import org.jspecify.annotations.Nullable;

/**
 * A device has failed in a way that nothing in this process can repair: every later operation on it
 * would fail too. The process has to end so that another can start with a fresh device.
 *
 * <p>An {@link InternalError}, because a cluster's worker process ends at those and a plain program
 * does not mistake it for something to recover from.
 */
public final class DeviceLostError extends InternalError {
  private static final long serialVersionUID = 1L;

  /**
   * @param message which operation found the device lost, and how
   */
  public DeviceLostError(String message) {
    super(message);
  }

  /** The loss among a failure and its causes, or null if it has another reason. */
  public static @Nullable DeviceLostError in(Throwable failure) {
    Throwable current = failure;
    for (int depth = 0; current != null && depth < 20; depth++) {
      if (current instanceof DeviceLostError lost) {
        return lost;
      }
      current = current.getCause();
    }
    return null;
  }
}
