package dev.drey.runtime.model;

/** The projections of a gated feed-forward network. */
public enum NetworkPart {
  /** {@code [intermediate, hidden]}; its output goes through the activation function. */
  GATE,
  /** {@code [intermediate, hidden]}. */
  UP,
  /** {@code [hidden, intermediate]}. */
  DOWN
}
