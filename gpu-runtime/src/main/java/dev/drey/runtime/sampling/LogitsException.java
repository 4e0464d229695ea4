package dev.drey.runtime.sampling;

/** Logits from which nothing can be chosen: the forward pass went wrong. */
public final class LogitsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LogitsException(TokenHistory history, int position, int id, float logit) {
    super(
        "sequence '%s', position %d: nothing can be chosen, the largest logit is %s (token %d); expected a finite number"
            .formatted(history.sequence(), position, logit, id));
  }
}
