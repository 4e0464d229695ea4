package dev.drey.runtime.model;

/**
 * Shape of a linear layer's weight as checkpoints store it: row-major {@code [outputs, inputs]}, so
 * that {@code y[rows, outputs] = x[rows, inputs] · Wᵀ}.
 */
public record MatrixShape(int outputs, int inputs) {
  public MatrixShape {
    if (outputs <= 0 || inputs <= 0) {
      throw new IllegalArgumentException(
          "matrix shape must be positive: " + outputs + "x" + inputs);
    }
  }

  /** Number of weights. */
  public long elements() {
    return (long) outputs * inputs;
  }

  @Override
  public String toString() {
    return outputs + "x" + inputs;
  }
}
