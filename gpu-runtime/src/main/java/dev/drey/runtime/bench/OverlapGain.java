package dev.drey.runtime.bench;

/**
 * What a case gains over bringing experts in on demand, beside the most that overlapping could.
 *
 * <p>With C the time of a step that has everything resident and I the time of bringing all needed
 * experts in, a step in which one follows the other takes C + I. A step that hides the shorter
 * behind the longer, and keeps a share of the experts from earlier steps, takes at least max(C, (1
 * - kept) I): the overlap that Klotski (arXiv 2502.06888, section 6) plans for. The ratio is the
 * bound. All of it comes from the same rounds of the same run:
 *
 * <ul>
 *   <li>I is what a step takes longer than C if nothing is kept, nothing predicted, and no expert
 *       computes before all are there: nothing but arrival happens in that time. Bytes over the
 *       rate of a link that was probed would be another quantity: other reads, at another time,
 *       without the waiting for each layer's router.
 *   <li>Kept are the needed experts that did not have to be brought in. Those that were prefetched
 *       in time are not among them: they took the link, too, and a bound that counts them as free
 *       is one that no link allows.
 * </ul>
 *
 * @param residentNanos C, per step
 * @param arrivalNanos I, per step
 * @param keptShare of the needed experts, those kept from earlier steps
 * @param gain speed, as a multiple of that on demand
 * @param bound the most it could be
 */
public record OverlapGain(
    double residentNanos, double arrivalNanos, double keptShare, double gain, double bound) {

  /**
   * Compares cases of the same group in the same phase.
   *
   * @param onDemand all needed experts are brought in, computing waits for all of them
   */
  static OverlapGain of(CaseResult result, CaseResult onDemand, CaseResult resident) {
    double kept = 1 - (double) result.moves().broughtIn() / result.moves().demanded();
    return of(result.stepNanos(), onDemand.stepNanos(), resident.stepNanos(), kept);
  }

  static OverlapGain of(double nanos, double onDemandNanos, double residentNanos, double kept) {
    double arrival = Math.max(0, onDemandNanos - residentNanos);
    double bound = (residentNanos + arrival) / Math.max(residentNanos, (1 - kept) * arrival);
    return new OverlapGain(residentNanos, arrival, kept, onDemandNanos / nanos, bound);
  }

  /** The gain as a share of the bound; above 1 where a link that never rests is a faster one. */
  public double boundShare() {
    return gain / bound;
  }
}
