package dev.drey.runtime.plan;

/**
 * The least time some work can take on a machine.
 *
 * @param computeNanos arithmetic at the measured rates
 * @param memoryNanos reading the weights touched, and the keys and values
 * @param transferNanos bringing in the experts that were needed and not there
 * @param nanos the sum over steps of the largest of the three
 */
public record Floor(double computeNanos, double memoryNanos, double transferNanos, double nanos) {
  /** No work. */
  public static final Floor NONE = new Floor(0, 0, 0, 0);

  /** One step: the three overlap. */
  public static Floor ofStep(double computeNanos, double memoryNanos, double transferNanos) {
    return new Floor(
        computeNanos,
        memoryNanos,
        transferNanos,
        Math.max(computeNanos, Math.max(memoryNanos, transferNanos)));
  }

  /** Steps follow one another. */
  public Floor plus(Floor next) {
    return new Floor(
        computeNanos + next.computeNanos,
        memoryNanos + next.memoryNanos,
        transferNanos + next.transferNanos,
        nanos + next.nanos);
  }

  /** The mean over so many rounds. */
  public Floor dividedBy(int rounds) {
    return new Floor(
        computeNanos / rounds, memoryNanos / rounds, transferNanos / rounds, nanos / rounds);
  }
}
