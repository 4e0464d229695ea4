package dev.drey.runtime.checkpoint;

import java.io.Serializable;

/**
 * Checks of a model that cost a look at every byte, and are made only if asked for.
 *
 * @param finite refuse weights that are NaN or infinite, as they are read: those that are always
 *     resident when the engine opens, experts when they arrive
 * @param checksums read all files when the model is opened, and compare them with the {@code
 *     SHA256SUMS} beside them
 */
public record ModelChecks(boolean finite, boolean checksums) implements Serializable {
  /** Neither. */
  public static final ModelChecks NONE = new ModelChecks(false, false);
}
