package dev.drey.runtime.trace;

import java.io.IOException;
import java.nio.file.Path;

/** A trace file is damaged, incomplete, or not a trace. Says where, what was expected and found. */
public final class TraceFileException extends IOException {
  private static final long serialVersionUID = 1L;

  TraceFileException(Path file, String problem) {
    super(file + " is no trace: " + problem);
  }

  TraceFileException(Path file, long offset, String what, Object expected, Object found) {
    super(
        "%s is not a whole trace: %s at byte %d: expected %s, found %s"
            .formatted(file, what, offset, expected, found));
  }
}
