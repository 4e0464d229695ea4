package dev.drey.operators.flink;

import org.apache.flink.runtime.execution.SuppressRestartsException;

/** Failures that a restart would only repeat: the job ends, its last checkpoint stays. */
public final class UnrecoverableFailure {
  private UnrecoverableFailure() {}

  /** The cause, wrapped so that the job is not restarted. */
  public static RuntimeException of(Exception cause) {
    return new SuppressRestartsException(cause);
  }
}
