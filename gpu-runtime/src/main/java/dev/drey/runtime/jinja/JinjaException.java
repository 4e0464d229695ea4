package dev.drey.runtime.jinja;

/**
 * A template that cannot be read or rendered. The message names line and construct and, unless the
 * template raised it itself, holds no text of the values it was given.
 */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Problem {
    /** The text is not a template, or uses a construct that is not supported. */
    SYNTAX,
    /** The template called {@code raise_exception}. */
    RAISED,
    /** An operation on values that do not allow it. */
    FAILED,
    /** The template takes more steps, depth, memory, output or time than it may. */
    LIMIT
  }

  private static final int NO_LINE = 0;

  private final Problem problem;
  private final int line;

  private JinjaException(Problem problem, int line, String message) {
    super(message, null, false, false);
    this.problem = problem;
    this.line = line;
  }

  static JinjaException syntax(int line, String message) {
    return new JinjaException(Problem.SYNTAX, line, "line " + line + ": " + message);
  }

  static JinjaException raised(String message) {
    return new JinjaException(Problem.RAISED, NO_LINE, message);
  }

  static JinjaException failed(String message) {
    return new JinjaException(Problem.FAILED, NO_LINE, message);
  }

  static JinjaException limit(String message) {
    return new JinjaException(Problem.LIMIT, NO_LINE, message);
  }

  /**
   * The same, known to have happened in a line; a message by the template itself stays as it is.
   */
  JinjaException at(int where) {
    boolean known = line != NO_LINE;
    String message = String.valueOf(getMessage());
    return known
        ? this
        : new JinjaException(
            problem, where, problem == Problem.RAISED ? message : "line " + where + ": " + message);
  }

  /** What went wrong. */
  public Problem problem() {
    return problem;
  }

  /** Line of the template, from 1. */
  public int line() {
    return line;
  }
}
