package dev.drey.jobs.local;

import org.jspecify.annotations.Nullable;

/** A job ended otherwise than FINISHED. */
public final class JobFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The end it came to, and why if that is known. */
  public JobFailedException(String status, @Nullable Throwable cause) {
    super("the job ended " + status, cause);
  }
}
