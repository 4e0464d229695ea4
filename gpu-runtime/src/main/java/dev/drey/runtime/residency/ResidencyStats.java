package dev.drey.runtime.residency;

import java.util.List;

/**
 * What the window has done since it was opened, and what is in it now.
 *
 * <p>{@code prefetchIssued == prefetchUsed + prefetchWasted + prefetchCancelled + prefetchFailed +
 * prefetchOpen} always, and {@code free + resident + inFlight == slots}.
 *
 * @param hits demanded experts that were resident
 * @param lateHits demanded experts that were being moved
 * @param misses all other demanded experts
 * @param prefetchIssued loads begun for a prediction
 * @param prefetchUsed of these, demanded while resident or being moved
 * @param prefetchWasted of these, evicted unused
 * @param prefetchCancelled of these, stopped or still queued when they were no longer wanted or a
 *     demand overtook them
 * @param prefetchFailed of these, given up because of an error
 * @param prefetchOpen of these, not yet one of the above
 * @param predictionsStale predictions that came after their layer
 * @param predictionsDropped predictions that found no room in time
 * @param bytesDemand bytes moved while somebody waited for them
 * @param bytesPrefetch bytes moved ahead of time, whatever became of them
 * @param busyNanos time in which at least one I/O thread moved these bytes, counted once
 * @param bytesPerSecond recent throughput of the I/O threads while busy
 * @param retries reads that were tried again
 * @param evictions experts that left the window for another
 * @param stall time the forward pass waited for experts
 * @param slots number of slots
 * @param free slots without an expert
 * @param resident slots with an expert, leased or not
 * @param inFlight slots that are being filled
 * @param layers the same by layer
 */
public record ResidencyStats(
    long hits,
    long lateHits,
    long misses,
    long prefetchIssued,
    long prefetchUsed,
    long prefetchWasted,
    long prefetchCancelled,
    long prefetchFailed,
    long prefetchOpen,
    long predictionsStale,
    long predictionsDropped,
    long bytesDemand,
    long bytesPrefetch,
    long busyNanos,
    double bytesPerSecond,
    long retries,
    long evictions,
    Stall stall,
    int slots,
    int free,
    int resident,
    int inFlight,
    List<Layer> layers) {

  public ResidencyStats {
    layers = List.copyOf(layers);
  }

  /**
   * Waiting time by what the awaited expert was held up by.
   *
   * @param slotNanos no slot was free for it
   * @param queueNanos it stood behind other transfers
   * @param transferNanos it was being read and copied (or paced)
   */
  public record Stall(long slotNanos, long queueNanos, long transferNanos) {
    /** All of it. */
    public long totalNanos() {
      return slotNanos + queueNanos + transferNanos;
    }
  }

  /**
   * One decoder layer.
   *
   * @param hits see {@link ResidencyStats#hits}
   * @param lateHits see {@link ResidencyStats#lateHits}
   * @param misses see {@link ResidencyStats#misses}
   * @param resident experts of this layer in the window now
   */
  public record Layer(long hits, long lateHits, long misses, int resident) {}

  /** Bytes moved, ahead of time or not. */
  public long bytesMoved() {
    return bytesDemand + bytesPrefetch;
  }

  /** Time the forward pass waited for experts. */
  public long stallNanos() {
    return stall.totalNanos();
  }

  /** Experts in the window by layer. */
  public int[] residentByLayer() {
    return layers.stream().mapToInt(Layer::resident).toArray();
  }
}
