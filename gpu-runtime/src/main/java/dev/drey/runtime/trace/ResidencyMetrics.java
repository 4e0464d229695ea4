package dev.drey.runtime.trace;

import java.util.List;

/**
 * What the residency window did, over a whole trace.
 *
 * @param hits demanded experts that were resident and complete
 * @param lateHits demanded experts that were being moved
 * @param misses all other demanded experts
 * @param prefetchIssued loads begun for a prediction
 * @param prefetchUsed of these, demanded while resident or being moved
 * @param prefetchWasted of these, evicted unused
 * @param prefetchCancelled of these, stopped, or still queued when demanded
 * @param prefetchFailed of these, given up because of an error
 * @param loads loads begun, for demands and predictions
 * @param bytesDemand bytes of loads that somebody waited for in the end
 * @param bytesPrefetch bytes of loads that nobody waited for
 * @param bytesWasted bytes moved for predictions and not used
 * @param evictions experts that left the window
 * @param stallNanos time the forward pass waited for experts
 * @param missing events the recorder had no room for
 * @param layers by decoder layer
 */
public record ResidencyMetrics(
    long hits,
    long lateHits,
    long misses,
    long prefetchIssued,
    long prefetchUsed,
    long prefetchWasted,
    long prefetchCancelled,
    long prefetchFailed,
    long loads,
    long bytesDemand,
    long bytesPrefetch,
    long bytesWasted,
    long evictions,
    long stallNanos,
    long missing,
    List<Layer> layers) {

  public ResidencyMetrics {
    layers = List.copyOf(layers);
  }

  /**
   * One decoder layer.
   *
   * @param hits see above
   * @param lateHits see above
   * @param misses see above
   * @param stallNanos see above
   * @param stallMedianNanos median over the steps
   * @param stallP99Nanos 99th percentile over the steps
   */
  public record Layer(
      long hits,
      long lateHits,
      long misses,
      long stallNanos,
      double stallMedianNanos,
      double stallP99Nanos) {}

  /** Experts demanded. */
  public long demanded() {
    return hits + lateHits + misses;
  }

  /** Share of demanded experts that were resident and complete, from 0 to 1; 1 if none was. */
  public double hitRate() {
    return demanded() == 0 ? 1 : (double) hits / demanded();
  }

  /** All bytes moved. */
  public long bytes() {
    return bytesDemand + bytesPrefetch;
  }
}
