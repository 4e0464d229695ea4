package dev.drey.jobs.run;

import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.trace.TraceStats;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the engines of a run did together. Times and counters are sums over the slots; the budget
 * and the peak are those of all slots.
 *
 * @param slots engines looked at
 * @param steps forward passes
 * @param rows tokens computed, prefill and decode together
 * @param stepNanos time spent in steps
 * @param reusedTokens tokens whose keys and values another sequence had stored
 * @param hits demanded experts that were resident
 * @param lateHits demanded experts that were being moved
 * @param misses all other demanded experts
 * @param prefetchUsed prefetched and then demanded
 * @param prefetchWasted prefetched and evicted unused
 * @param prefetchCancelled prefetches given up
 * @param bytesDemand bytes moved while somebody waited
 * @param bytesPrefetch bytes moved ahead of time
 * @param stallSlotNanos waited because no slot was free
 * @param stallQueueNanos waited behind other transfers
 * @param stallTransferNanos waited for the transfer itself
 * @param budgetBytes hard total
 * @param peakBytes most ever reserved
 * @param usedBytes reserved when last looked at; of a run that has ended, after its engines closed
 * @param hostTier what came from host memory, and what is in the memory that the slots share
 * @param traces traces being recorded
 */
public record EngineTotals(
    int slots,
    long steps,
    long rows,
    long stepNanos,
    long reusedTokens,
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
    long stallTransferNanos,
    long budgetBytes,
    long peakBytes,
    long usedBytes,
    HostTierStats hostTier,
    List<TraceStats> traces) {
  /** No engine was seen. */
  public static final EngineTotals NONE =
      new EngineTotals(
          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HostTierStats.NONE, List.of());

  public EngineTotals {
    traces = List.copyOf(traces);
  }

  /** Both together. */
  public EngineTotals plus(EngineTotals other) {
    return new EngineTotals(
        slots + other.slots,
        steps + other.steps,
        rows + other.rows,
        stepNanos + other.stepNanos,
        reusedTokens + other.reusedTokens,
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
        stallTransferNanos + other.stallTransferNanos,
        budgetBytes + other.budgetBytes,
        peakBytes + other.peakBytes,
        usedBytes + other.usedBytes,
        hostTier.plus(other.hostTier),
        Stream.concat(traces.stream(), other.traces.stream()).toList());
  }

  /** The same engines, of whose budgets so much is reserved now. */
  EngineTotals holding(long bytes) {
    return new EngineTotals(
        slots,
        steps,
        rows,
        stepNanos,
        reusedTokens,
        hits,
        lateHits,
        misses,
        prefetchUsed,
        prefetchWasted,
        prefetchCancelled,
        bytesDemand,
        bytesPrefetch,
        stallSlotNanos,
        stallQueueNanos,
        stallTransferNanos,
        budgetBytes,
        peakBytes,
        bytes,
        hostTier,
        traces);
  }

  /** Share of demanded experts that were resident, from 0 to 1; 1 if none was demanded. */
  public double hitRate() {
    long demanded = hits + lateHits + misses;
    return demanded == 0 ? 1 : (double) hits / demanded;
  }

  /** Time steps waited for experts. */
  public long stallNanos() {
    return stallSlotNanos + stallQueueNanos + stallTransferNanos;
  }

  /** Share of step time spent waiting for experts, from 0 to 1. */
  public double stallShare() {
    return stepNanos == 0 ? 0 : (double) stallNanos() / stepNanos;
  }

  /** Expert bytes moved per computed token. */
  public double bytesPerRow() {
    return rows == 0 ? 0 : (double) (bytesDemand + bytesPrefetch) / rows;
  }
}
