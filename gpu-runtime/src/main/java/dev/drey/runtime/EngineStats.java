package dev.drey.runtime;

import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.plan.PlanStats;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.trace.TraceStats;
import org.jspecify.annotations.Nullable;

/**
 * Counters of an engine since it was opened.
 *
 * @param steps forward passes
 * @param rows tokens computed, prefill and decode together
 * @param stepNanos time spent in steps, from embedding to sampled tokens
 * @param spanNanos time from the beginning of the first step to the end of the last; what of it is
 *     not {@code stepNanos} was spent between steps
 * @param residency counters of the residency window
 * @param kvBlocksUsed key/value blocks that hold a sequence's tokens
 * @param kvBlocks key/value blocks of the pool
 * @param reusedTokens tokens that were not computed because another sequence had stored their keys
 *     and values
 * @param usedBytes bytes reserved now
 * @param peakBytes most bytes ever reserved
 * @param budgetBytes the hard limit
 * @param plan how steps compare with the plan; null if none was made
 * @param hostTier what came from host memory; null if no experts are kept there
 * @param trace how the trace is getting on; null if none is recorded
 */
public record EngineStats(
    long steps,
    long rows,
    long stepNanos,
    long spanNanos,
    ResidencyStats residency,
    int kvBlocksUsed,
    int kvBlocks,
    long reusedTokens,
    long usedBytes,
    long peakBytes,
    long budgetBytes,
    @Nullable PlanStats plan,
    @Nullable HostTierStats hostTier,
    @Nullable TraceStats trace) {}
