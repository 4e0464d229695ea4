package dev.drey.jobs.cli;

/** What the process returns. */
public final class ExitCode {
  /** Done. */
  public static final int DONE = 0;

  /** It was tried and failed. */
  public static final int FAILED = 1;

  /** Wrong usage or refused input: nothing was started. */
  public static final int REFUSED = 2;

  private ExitCode() {}
}
