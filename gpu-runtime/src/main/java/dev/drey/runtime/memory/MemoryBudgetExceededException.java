package dev.drey.runtime.memory;

/** A reservation would exceed a hard limit. The message names both and shows the whole tree. */
public final class MemoryBudgetExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MemoryBudgetExceededException(String requester, long bytes, String full, String tree) {
    super(
        "'%s' asked for %d bytes, more than '%s' has left. Budget:%n%s"
            .formatted(requester, bytes, full, tree));
  }
}
