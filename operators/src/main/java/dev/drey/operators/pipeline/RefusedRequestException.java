package dev.drey.operators.pipeline;

/**
 * A well-formed record that cannot be served. Checked, because it must become a dead letter and
 * nothing else. The message names parameters, numbers and limits, never text of a prompt.
 */
final class RefusedRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  private final RequestProblem problem;

  RefusedRequestException(RequestProblem problem, String message) {
    super(message, null, false, false);
    this.problem = problem;
  }

  RequestProblem problem() {
    return problem;
  }
}
