package dev.drey.operators.pipeline;

import java.util.List;

/**
 * The restored state was made by an engine or with settings whose results differ from this job's.
 */
public final class StateMismatchException extends Exception {
  private static final long serialVersionUID = 1L;

  StateMismatchException(List<String> differences) {
    super(
        ("the job was restored from state of another engine or other settings: %s. Half-generated"
                + " sequences would become results that neither job gives. Restore with the model,"
                + " compute type, software and settings that wrote the state, or set"
                + " drey.job.allow-state-mismatch; sequences of another model, prompt or parameters"
                + " then start again")
            .formatted(String.join("; ", differences)));
  }
}
