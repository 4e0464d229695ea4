package dev.drey.jobs.options;

import java.util.List;

/**
 * What was asked for cannot be done as asked: wrong settings, input that is not there, brokers that
 * do not fit. Nothing was started; the message says everything that is wrong, one problem a line.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  /** A refusal for several reasons, at least one. */
  public RefusedException(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  /** A refusal for one reason. */
  public RefusedException(String problem) {
    this(List.of(problem));
  }

  /** A refusal for one reason that something else reported. */
  public RefusedException(String problem, Throwable cause) {
    super(problem, cause);
    this.problems = List.of(problem);
  }

  /** What is wrong, one entry per problem. */
  public List<String> problems() {
    return problems;
  }
}
