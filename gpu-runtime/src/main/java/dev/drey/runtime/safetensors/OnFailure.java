package dev.drey.runtime.safetensors;

import java.util.function.Supplier;

/** Closing what was opened when the rest of opening fails. */
public final class OnFailure {
  private OnFailure() {}

  /** What {@code body} returns; if it throws, {@code resource} is closed first. */
  public static <T> T close(AutoCloseable resource, Supplier<T> body) {
    try {
      return body.get();
    } catch (RuntimeException | Error failure) {
      try {
        resource.close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }
  }
}
