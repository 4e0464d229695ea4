package dev.drey.operators.metrics;

import dev.drey.operators.slot.EngineStats;
import dev.drey.operators.slot.SlotEngine;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * The engine's statistics as gauges: experts, bytes, stalls, budgets, keys and values, the plan.
 */
final class EngineMetrics {
  private final MetricGroup moe;
  private final SlotEngine engine;

  private EngineMetrics(MetricGroup moe, SlotEngine engine) {
    this.moe = moe;
    this.engine = engine;
  }

  /** Registers them under the group and its child {@code moe}. */
  static void register(MetricGroup group, SlotEngine engine) {
    group.gauge("kv_cache_usage_perc", share(engine, s -> s.kvBlocksUsed(), s -> s.kvBlocks()));
    Gauge<Long> reused = () -> engine.stats().reusedTokens();
    group.gauge("prefix_cache_hits_total", reused);
    new EngineMetrics(group.addGroup("moe"), engine).register();
  }

  private void register() {
    total("expert_cache_hits_total", EngineStats::expertHits);
    total("expert_cache_late_hits_total", EngineStats::expertLateHits);
    total("expert_cache_misses_total", EngineStats::expertMisses);
    total("prefetch_useful_total", EngineStats::prefetchUsed);
    total("prefetch_wasted_total", EngineStats::prefetchWasted);
    total("prefetch_cancelled_total", EngineStats::prefetchCancelled);
    total("demand_bytes_total", EngineStats::bytesDemand);
    total("prefetch_bytes_total", EngineStats::bytesPrefetch);
    total("host_bytes_total", EngineStats::bytesFromHost);
    total("storage_bytes_total", EngineStats::bytesFromStorage);
    total("stall_nanos_total", EngineStats::stallNanos);
    total("evictions_total", EngineStats::evictions);
    total("resident_experts", EngineStats::residentExperts);
    total("budget_bytes", EngineStats::budgetBytes);
    total("used_bytes", EngineStats::usedBytes);
    total("plan_resolves_total", EngineStats::planResolves);
    ratio("plan_compute_time_ratio", EngineStats::planSlowdown);
    ratio("plan_link_rate_ratio", EngineStats::planArrivalRatio);
    moe.gauge(
        "expert_cache_hit_share",
        share(
            engine,
            s -> s.expertHits(),
            s -> s.expertHits() + s.expertLateHits() + s.expertMisses()));
  }

  private void total(String name, ToLongFunction<EngineStats> value) {
    Gauge<Long> gauge = () -> value.applyAsLong(engine.stats());
    moe.gauge(name, gauge);
  }

  private void ratio(String name, ToDoubleFunction<EngineStats> value) {
    Gauge<Double> gauge = () -> value.applyAsDouble(engine.stats());
    moe.gauge(name, gauge);
  }

  private static Gauge<Double> share(
      SlotEngine engine, ToDoubleFunction<EngineStats> part, ToDoubleFunction<EngineStats> whole) {
    return () -> {
      EngineStats stats = engine.stats();
      double all = whole.applyAsDouble(stats);
      return all == 0 ? 0 : part.applyAsDouble(stats) / all;
    };
  }
}
