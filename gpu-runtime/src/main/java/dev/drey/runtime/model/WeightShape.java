package dev.drey.runtime.model;

/**
 * One always-resident weight: its role, the form devices keep it in, and its shape.
 *
 * @param weight the role
 * @param form how a device keeps it
 * @param count how many matrices; more than 1 only for {@link Form#HEADS}
 * @param outputs rows of (each of) them
 * @param inputs columns
 */
public record WeightShape(Weight weight, Form form, int count, int outputs, int inputs) {
  /** How a device keeps a weight. */
  public enum Form {
    /** Bfloat16, packed for products. */
    MATRIX,
    /** Several such matrices, one per head. */
    HEADS,
    /** Float32, plain row-major. */
    FLOATS,
    /** Bfloat16, plain row-major, rows are looked up. */
    LOOKUP
  }

  /** A matrix for products. */
  public static WeightShape matrix(Weight weight, int outputs, int inputs) {
    return new WeightShape(weight, Form.MATRIX, 1, outputs, inputs);
  }

  /** A matrix per head. */
  public static WeightShape heads(Weight weight, int heads, int outputs, int inputs) {
    return new WeightShape(weight, Form.HEADS, heads, outputs, inputs);
  }

  /** Float32 numbers. */
  public static WeightShape vector(Weight weight, int length) {
    return new WeightShape(weight, Form.FLOATS, 1, length, 1);
  }

  /** Float32 rows. */
  public static WeightShape table(Weight weight, int rows, int columns) {
    return new WeightShape(weight, Form.FLOATS, 1, rows, columns);
  }

  /** Rows to be looked up. */
  public static WeightShape lookup(Weight weight, int rows, int columns) {
    return new WeightShape(weight, Form.LOOKUP, 1, rows, columns);
  }

  /** Shape of (each of) the matrices. */
  public MatrixShape shape() {
    return new MatrixShape(outputs, inputs);
  }

  /** Numbers of all of them. */
  public long elements() {
    return (long) count * outputs * inputs;
  }
}
