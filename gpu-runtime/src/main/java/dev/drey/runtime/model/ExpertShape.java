package dev.drey.runtime.model;

/**
 * Shape of one gated feed-forward network: {@code down(unit(gate(x), up(x)))}, see {@link
 * GatedUnit}.
 *
 * @param hidden model width
 * @param intermediate width between the projections
 */
public record ExpertShape(int hidden, int intermediate) {
  /** Gate and up projection, {@code [intermediate, hidden]}. */
  public MatrixShape gateUp() {
    return new MatrixShape(intermediate, hidden);
  }

  /** Down projection, {@code [hidden, intermediate]}. */
  public MatrixShape down() {
    return new MatrixShape(hidden, intermediate);
  }

  /** One of the projections. */
  public MatrixShape part(NetworkPart part) {
    return part == NetworkPart.DOWN ? down() : gateUp();
  }

  /** Number of weights in the three projections. */
  public long elements() {
    return 3L * hidden * intermediate;
  }
}
