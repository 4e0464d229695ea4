package dev.drey.runtime.expertstore;

/** The three matrices of a SwiGLU expert. */
public enum ExpertPart {
  /** {@code [intermediate, hidden]}. */
  GATE,
  /** {@code [intermediate, hidden]}. */
  UP,
  /** {@code [hidden, intermediate]}. */
  DOWN
}
