package dev.drey.operators.pipeline;

import java.util.List;

/** The restored state was made by an engine whose results differ from this job's. */
public final class StateMismatchException extends Exception {
  private static final long serialVersionUID = 1L;

  StateMismatchException(List<String> differences) {
    super(
        ("the job was restored from state of another engine: %s. Half-generated sequences would"
                + " become results that neither engine gives. Restore with the model, compute type"
                + " and software that wrote the state, or allow the mismatch explicitly; sequences"
                + " of another model then start again")
            .formatted(String.join("; ", differences)));
  }
}
