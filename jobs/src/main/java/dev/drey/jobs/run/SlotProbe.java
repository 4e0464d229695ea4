package dev.drey.jobs.run;

import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.slot.SlotKey;
import dev.drey.runtime.slot.SlotRuntimes;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks at the slots' engines through the registry of this process. */
public final class SlotProbe implements EngineProbe {
  private final Set<MemoryBudget> read = new HashSet<>();

  @Override
  public EngineTotals read(String job) {
    EngineTotals totals = EngineTotals.NONE;
    for (Map.Entry<SlotKey, MoeEngine> slot : SlotRuntimes.open().entrySet()) {
      if (slot.getKey().job().equals(job)) {
        MoeEngine engine = slot.getValue();
        read.add(engine.budget());
        totals = totals.plus(totals(engine.stats()));
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
        stats.usedBytes(),
        host == null ? HostTierStats.NONE : host,
        stats.trace() == null ? List.of() : List.of(stats.trace()));
  }

  @Override
  public long release() {
    SlotRuntimes.closeIdle();
    return read.stream().mapToLong(MemoryBudget::usedBytes).sum();
  }
}
