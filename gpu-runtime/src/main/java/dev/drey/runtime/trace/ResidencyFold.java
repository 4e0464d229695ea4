package dev.drey.runtime.trace;

import dev.drey.runtime.trace.ResidencyMetrics.Layer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Hits, misses, prefetches, bytes and stall: what the residency window counts, from its events. */
public final class ResidencyFold implements TraceSink {
  private final int experts;
  private final long expertBytes;
  private final long[] hits;
  private final long[] lateHits;
  private final long[] misses;
  private final LogHistogram[] stalls;
  private final long[] stallNanos;
  private final long[] unusedLoad; // by expert: the prefetch nobody has used yet, or -1
  private long prefetchIssued;
  private long prefetchUsed;
  private long prefetchWasted;
  private long prefetchCancelled;
  private long prefetchFailed;
  private long loads;
  private long bytesDemand;
  private long bytesPrefetch;
  private long bytesWasted;
  private long evictions;
  private long missing;

  /** A fold over a trace with this header. */
  public ResidencyFold(TraceHeader header) {
    experts = header.experts();
    expertBytes = header.expertBytes();
    hits = new long[header.layers()];
    lateHits = new long[header.layers()];
    misses = new long[header.layers()];
    stallNanos = new long[header.layers()];
    stalls = new LogHistogram[header.layers()];
    Arrays.setAll(stalls, layer -> new LogHistogram());
    unusedLoad = new long[header.layers() * experts];
    Arrays.fill(unusedLoad, -1);
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] ids, DemandOutcome[] outcomes) {
    for (int i = 0; i < count; i++) {
      int id = layer * experts + ids[i];
      boolean unused = unusedLoad[id] >= 0;
      switch (outcomes[i]) {
        case HIT -> hits[layer]++;
        case LATE -> lateHits[layer]++;
        case MISS -> misses[layer]++;
        case OVERTAKEN -> {
          misses[layer]++;
          prefetchCancelled += unused ? 1 : 0;
        }
      }
      if (outcomes[i] == DemandOutcome.HIT || outcomes[i] == DemandOutcome.LATE) {
        prefetchUsed += unused ? 1 : 0;
      }
      if (outcomes[i] != DemandOutcome.MISS) { // a miss may come while a stopped load still reports
        unusedLoad[id] = -1;
      }
    }
  }

  @Override
  public void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {
    loads++;
    if (prefetch) {
      prefetchIssued++;
      unusedLoad[layer * experts + expert] = load;
    }
  }

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    if (prefetch) {
      bytesPrefetch += bytes;
    } else {
      bytesDemand += bytes;
    }
    int id = layer * experts + expert;
    if (result != LoadResult.LOADED && unusedLoad[id] == load) {
      unusedLoad[id] = -1;
      bytesWasted += bytes;
      if (result == LoadResult.STOPPED) {
        prefetchCancelled++;
      } else {
        prefetchFailed++;
      }
    }
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    evictions++;
    if (unused) {
      prefetchWasted++;
      bytesWasted += expertBytes;
      unusedLoad[layer * experts + expert] = -1;
    }
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stalled) {
    stallNanos[layer] += stalled;
    stalls[layer].add(stalled);
  }

  @Override
  public void missing(long nanos, long events) {
    missing += events;
  }

  /** What has been counted so far. */
  public ResidencyMetrics metrics() {
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < hits.length; layer++) {
      layers.add(
          new Layer(
              hits[layer],
              lateHits[layer],
              misses[layer],
              stallNanos[layer],
              stalls[layer].quantile(0.5),
              stalls[layer].quantile(0.99)));
    }
    return new ResidencyMetrics(
        Arrays.stream(hits).sum(),
        Arrays.stream(lateHits).sum(),
        Arrays.stream(misses).sum(),
        prefetchIssued,
        prefetchUsed,
        prefetchWasted,
        prefetchCancelled,
        prefetchFailed,
        loads,
        bytesDemand,
        bytesPrefetch,
        bytesWasted,
        evictions,
        Arrays.stream(stallNanos).sum(),
        missing,
        layers);
  }
}
