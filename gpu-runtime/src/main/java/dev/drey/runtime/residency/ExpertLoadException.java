package dev.drey.runtime.residency;

import dev.drey.runtime.model.ExpertId;

/** A demanded expert could not be loaded, or not in time. The message names it. */
public final class ExpertLoadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ExpertId expert;

  ExpertLoadException(ExpertId expert, String message, Throwable cause) {
    super(message, cause);
    this.expert = expert;
  }

  ExpertLoadException(ExpertId expert, String message) {
    super(message);
    this.expert = expert;
  }

  /** The expert. */
  public ExpertId expert() {
    return expert;
  }
}
