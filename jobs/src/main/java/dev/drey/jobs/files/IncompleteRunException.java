package dev.drey.jobs.files;

import java.io.IOException;

/** The parts of a run do not hold exactly one outcome per input line. */
public final class IncompleteRunException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says which line, and what was found. */
  public IncompleteRunException(String message) {
    super(message);
  }
}
