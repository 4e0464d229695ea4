package dev.drey.runtime.bench;

import dev.drey.runtime.residency.ResidencyStats;

/**
 * What the residency window did meanwhile.
 *
 * @param hits demanded experts that were resident
 * @param lateHits that were on the way
 * @param misses all others
 * @param prefetchUsed prefetched and then demanded
 * @param prefetchWasted prefetched and evicted unused
 * @param prefetchCancelled prefetches given up before they were complete
 * @param bytesDemand moved while somebody waited
 * @param bytesPrefetch moved ahead of time, whatever became of it
 * @param stallSlotNanos waiting because no slot was free
 * @param stallQueueNanos waiting behind other transfers
 * @param stallTransferNanos waiting for the expert's own bytes
 */
public record Moves(
    long hits,
    long lateHits,
    long misses,
    long prefetchUsed,
    long prefetchWasted,
    long prefetchCancelled,
    long bytesDemand,
    long bytesPrefetch,
    long stallSlotNanos,
    long stallQueueNanos,
    long stallTransferNanos) {
  /** Nothing. */
  static final Moves NONE = new Moves(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** What happened between two looks at the same window. */
  static Moves between(ResidencyStats before, ResidencyStats after) {
    return new Moves(
        after.hits() - before.hits(),
        after.lateHits() - before.lateHits(),
        after.misses() - before.misses(),
        after.prefetchUsed() - before.prefetchUsed(),
        after.prefetchWasted() - before.prefetchWasted(),
        after.prefetchCancelled() - before.prefetchCancelled(),
        after.bytesDemand() - before.bytesDemand(),
        after.bytesPrefetch() - before.bytesPrefetch(),
        after.stall().slotNanos() - before.stall().slotNanos(),
        after.stall().queueNanos() - before.stall().queueNanos(),
        after.stall().transferNanos() - before.stall().transferNanos());
  }

  /** The sums. */
  Moves plus(Moves other) {
    return new Moves(
        hits + other.hits,
        lateHits + other.lateHits,
        misses + other.misses,
        prefetchUsed + other.prefetchUsed,
        prefetchWasted + other.prefetchWasted,
        prefetchCancelled + other.prefetchCancelled,
        bytesDemand + other.bytesDemand,
        bytesPrefetch + other.bytesPrefetch,
        stallSlotNanos + other.stallSlotNanos,
        stallQueueNanos + other.stallQueueNanos,
        stallTransferNanos + other.stallTransferNanos);
  }

  /** Demanded experts. */
  public long demanded() {
    return hits + lateHits + misses;
  }

  /** Demanded experts that had to be brought in: by the demand itself, or ahead of it. */
  public long broughtIn() {
    return misses + prefetchUsed;
  }

  /** All bytes moved. */
  public long bytes() {
    return bytesDemand + bytesPrefetch;
  }

  /** All waiting. */
  public long stallNanos() {
    return stallSlotNanos + stallQueueNanos + stallTransferNanos;
  }
}
