package dev.drey.runtime.plan;

/**
 * The least time some work can take on a machine.
 *
 * <p>Three floors take all operations of a step together and let compute, memory and transfer
 * overlap perfectly. The fourth, by operation, lets each operation overlap its own arithmetic with
 * its own reading and runs the operations in turn ({@link StepOperations}); it is the tighter one
 * for an engine that does not run different operations side by side.
 *
 * @param computeNanos arithmetic at the measured rates
 * @param memoryNanos reading the weights touched, and the keys and values
 * @param transferNanos bringing in the experts that were needed and not there
 * @param operationNanos the sum over operations of the larger of each one's arithmetic and reading
 * @param nanos the sum over steps of the largest of compute, memory and transfer
 * @param inTurnNanos the sum over steps of the larger of by operation and transfer
 */
public record Floor(
    double computeNanos,
    double memoryNanos,
    double transferNanos,
    double operationNanos,
    double nanos,
    double inTurnNanos) {
  /** No work. */
  public static final Floor NONE = new Floor(0, 0, 0, 0, 0, 0);

  /** One step, in which transfers overlap with everything else. */
  public static Floor ofStep(
      double computeNanos, double memoryNanos, double transferNanos, double operationNanos) {
    return new Floor(
        computeNanos,
        memoryNanos,
        transferNanos,
        operationNanos,
        Math.max(computeNanos, Math.max(memoryNanos, transferNanos)),
        Math.max(operationNanos, transferNanos));
  }

  /** Steps follow one another. */
  public Floor plus(Floor next) {
    return new Floor(
        computeNanos + next.computeNanos,
        memoryNanos + next.memoryNanos,
        transferNanos + next.transferNanos,
        operationNanos + next.operationNanos,
        nanos + next.nanos,
        inTurnNanos + next.inTurnNanos);
  }

  /** The mean over so many rounds. */
  public Floor dividedBy(int rounds) {
    return new Floor(
        computeNanos / rounds,
        memoryNanos / rounds,
        transferNanos / rounds,
        operationNanos / rounds,
        nanos / rounds,
        inTurnNanos / rounds);
  }
}
