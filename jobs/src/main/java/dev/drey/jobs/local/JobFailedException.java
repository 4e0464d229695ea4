package dev.drey.jobs.local;

import org.apache.flink.runtime.clusterframework.ApplicationStatus;
import org.jspecify.annotations.Nullable;

/** A job ended otherwise than FINISHED. */
public final class JobFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean cancelled;

  /** The end it came to, and why if that is known. */
  public JobFailedException(String status, @Nullable Throwable cause) {
    super("the job ended " + status, cause);
    this.cancelled = status.equals(ApplicationStatus.CANCELED.name());
  }

  /** Whether somebody ended it: with Ctrl-C, or in the web interface. */
  public boolean isCancelled() {
    return cancelled;
  }
}
