package dev.drey.runtime.plan;

/**
 * What the mean step of a plan is expected to take.
 *
 * @param step its rows
 * @param touchedPerLayer experts a routed layer needs
 * @param missedPerLayer of these, experts that have to be brought in
 * @param floor the least it can take, and why
 * @param attentionNanos compute time of all layers besides experts
 * @param expertNanos compute time of routed experts
 * @param logitNanos compute time of the output projection
 * @param arrivalNanos time that bringing experts in takes
 * @param loadCoreNanos time of one processor that this costs
 * @param nanos the whole step
 */
public record StepForecast(
    MeanStep step,
    double touchedPerLayer,
    double missedPerLayer,
    Floor floor,
    double attentionNanos,
    double expertNanos,
    double logitNanos,
    double arrivalNanos,
    double loadCoreNanos,
    double nanos) {

  /** Time of the compute threads. */
  public double computeNanos() {
    return attentionNanos + expertNanos + logitNanos;
  }

  /** Records that end per second. */
  public double recordsPerSecond() {
    return step.records() / nanos * 1e9;
  }
}
