package dev.drey.runtime.residency;

import dev.drey.runtime.residency.ResidencyStats.Layer;
import dev.drey.runtime.residency.ResidencyStats.Stall;
import dev.drey.runtime.transfer.TransferStats;
import java.util.ArrayList;
import java.util.List;

/** Running totals. Guarded by the window's lock. */
final class Counters {
  private final long[] hits;
  private final long[] lateHits;
  private final long[] misses;
  long prefetchIssued;
  long prefetchUsed;
  long prefetchWasted;
  long prefetchCancelled;
  long prefetchFailed;
  long predictionsStale;
  long predictionsDropped;
  long evictions;
  private long slotNanos;
  private long queueNanos;
  private long transferNanos;

  Counters(int layers) {
    hits = new long[layers];
    lateHits = new long[layers];
    misses = new long[layers];
  }

  void hit(int layer) {
    hits[layer]++;
  }

  void lateHit(int layer) {
    lateHits[layer]++;
  }

  void miss(int layer) {
    misses[layer]++;
  }

  /** Somebody waited from {@code from} to {@code to} for an expert of which these are known. */
  void stalled(long from, long to, long issued, long started) {
    long issuedAt = clamp(issued, from, to);
    long startedAt = clamp(started, issuedAt, to);
    slotNanos += issuedAt - from;
    queueNanos += startedAt - issuedAt;
    transferNanos += to - startedAt;
  }

  private static long clamp(long nanos, long from, long to) {
    long sinceFrom = Math.max(0, nanos - from);
    return from + Math.min(sinceFrom, to - from);
  }

  private long prefetchSettled() {
    return prefetchUsed + prefetchWasted + prefetchCancelled + prefetchFailed;
  }

  /**
   * Compares the loads begun for predictions with what became of them.
   *
   * @throws IllegalStateException if the books do not balance
   */
  void check(SlotTable slots) {
    long open = slots.slots().stream().filter(s -> s.unusedPrefetch).count();
    if (prefetchIssued != prefetchSettled() + open) {
      throw new IllegalStateException(
          "prefetches do not balance: issued %d, but used %d + wasted %d + cancelled %d + failed %d + open %d"
              .formatted(
                  prefetchIssued,
                  prefetchUsed,
                  prefetchWasted,
                  prefetchCancelled,
                  prefetchFailed,
                  open));
    }
  }

  ResidencyStats stats(SlotTable slots, TransferStats transfers) {
    int[] resident = slots.residentByLayer();
    List<Layer> layers = new ArrayList<>();
    long hit = 0;
    long late = 0;
    long miss = 0;
    for (int l = 0; l < hits.length; l++) {
      layers.add(new Layer(hits[l], lateHits[l], misses[l], resident[l]));
      hit += hits[l];
      late += lateHits[l];
      miss += misses[l];
    }
    return new ResidencyStats(
        hit,
        late,
        miss,
        prefetchIssued,
        prefetchUsed,
        prefetchWasted,
        prefetchCancelled,
        prefetchFailed,
        prefetchIssued - prefetchSettled(),
        predictionsStale,
        predictionsDropped,
        transfers.bytesDemand(),
        transfers.bytesPrefetch(),
        transfers.busyNanos(),
        transfers.bytesPerSecond(),
        transfers.retries(),
        evictions,
        new Stall(slotNanos, queueNanos, transferNanos),
        slots.total(),
        slots.free(),
        slots.resident(),
        slots.inFlight(),
        layers);
  }
}
