package dev.drey.runtime.predict;

/**
 * A predictor cannot be used as asked: the file it needs is missing, damaged or of another model,
 * or the model has a part that it cannot deal with. The message says which, and what to do.
 */
public final class PredictorRefusedException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** A refusal. */
  public PredictorRefusedException(String message) {
    super(message);
  }

  /** A refusal because of something else. */
  PredictorRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
