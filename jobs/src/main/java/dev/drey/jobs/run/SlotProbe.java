package dev.drey.jobs.run;

import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.slot.SlotKey;
import dev.drey.runtime.slot.SlotRuntimes;
import java.util.List;
import java.util.Map;

/** Looks at the slots' engines through the registry of this process. */
public final class SlotProbe implements EngineProbe {
  @Override
  public EngineTotals read(String job) {
    EngineTotals totals = EngineTotals.NONE;
    for (Map.Entry<SlotKey, MoeEngine> slot : SlotRuntimes.open().entrySet()) {
      if (slot.getKey().job().equals(job)) {
        totals = totals.plus(totals(slot.getValue().stats()));
      }
    }
    return totals;
  }

  private static EngineTotals totals(EngineStats stats) {
    ResidencyStats experts = stats.residency();
    HostTierStats host = stats.hostTier();
    return new EngineTotals(
        1,
        stats.steps(),
        stats.rows(),
        stats.stepNanos(),
        stats.reusedTokens(),
        experts.hits(),
        experts.lateHits(),
        experts.misses(),
        experts.prefetchUsed(),
        experts.prefetchWasted(),
        experts.prefetchCancelled(),
        experts.bytesDemand(),
        experts.bytesPrefetch(),
        experts.stall().slotNanos(),
        experts.stall().queueNanos(),
        experts.stall().transferNanos(),
        stats.budgetBytes(),
        stats.peakBytes(),
        host == null ? HostTierStats.NONE : host,
        stats.trace() == null ? List.of() : List.of(stats.trace()));
  }

  @Override
  public void release() {
    SlotRuntimes.closeIdle();
  }
}
