package dev.drey.operators.slot;

/**
 * What an engine did since it was opened, and how full it is. Counters only grow.
 *
 * @param expertHits experts resident at demand
 * @param expertLateHits in flight at demand
 * @param expertMisses neither
 * @param prefetchUsed prefetched and then used
 * @param prefetchWasted prefetched and evicted unused
 * @param prefetchCancelled given up because their layer had passed
 * @param bytesDemand bytes moved for demand loads
 * @param bytesPrefetch bytes moved for prefetches
 * @param bytesFromHost bytes of these that came from host memory
 * @param bytesFromStorage bytes read from storage
 * @param stallNanos time steps waited for experts
 * @param evictions experts evicted
 * @param residentExperts experts resident now
 * @param kvBlocksUsed key/value blocks in use now
 * @param kvBlocks key/value blocks of the pool
 * @param reusedTokens tokens whose keys and values another sequence had stored
 * @param budgetBytes hard total of the device tier
 * @param usedBytes reserved of it now
 * @param planResolves how often a planned engine has solved its plan again
 * @param planSlowdown how many times as long as first planned processors take, as far as that is
 *     taken into account; 1 as planned or if nothing is
 * @param planArrivalRatio how many times as fast as first planned experts come in, likewise
 */
public record EngineStats(
    long expertHits,
    long expertLateHits,
    long expertMisses,
    long prefetchUsed,
    long prefetchWasted,
    long prefetchCancelled,
    long bytesDemand,
    long bytesPrefetch,
    long bytesFromHost,
    long bytesFromStorage,
    long stallNanos,
    long evictions,
    int residentExperts,
    int kvBlocksUsed,
    int kvBlocks,
    long reusedTokens,
    long budgetBytes,
    long usedBytes,
    long planResolves,
    double planSlowdown,
    double planArrivalRatio) {
  /** Nothing happened, nothing held. */
  public static final EngineStats NONE =
      new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
}
