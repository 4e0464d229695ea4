package dev.drey.runtime.simulate;

/**
 * What one policy did in one replay.
 *
 * @param policy its name
 * @param slots experts the window held
 * @param hits demanded experts that were resident and complete
 * @param lateHits demanded experts that were being moved
 * @param misses all other demanded experts
 * @param prefetchIssued loads begun for a prediction
 * @param prefetchUsed of these, demanded while resident or being moved
 * @param prefetchWasted of these, evicted unused
 * @param prefetchCancelled of these, stopped, or still queued when demanded
 * @param loads loads begun, for demands and predictions
 * @param evictions experts that left the window
 * @param bytes bytes moved
 * @param stallNanos time computing waited for experts
 * @param nanos time of the whole replay: computing and waiting
 */
public record ReplayResult(
    String policy,
    int slots,
    long hits,
    long lateHits,
    long misses,
    long prefetchIssued,
    long prefetchUsed,
    long prefetchWasted,
    long prefetchCancelled,
    long loads,
    long evictions,
    long bytes,
    long stallNanos,
    long nanos) {
  /** Experts demanded. */
  public long demanded() {
    return hits + lateHits + misses;
  }
}
