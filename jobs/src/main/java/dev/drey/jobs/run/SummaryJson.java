package dev.drey.jobs.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.trace.TraceStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.configuration.Configuration;

/** Summaries as JSON, for {@code --json} and manifest.json. */
public final class SummaryJson {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private SummaryJson() {}

  /** The summary, and the settings it was made with unless they are null. */
  public static String write(RunSummary summary, Configuration settings) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("command", summary.command());
    root.put("model", summary.model());
    root.put("model_digest", summary.modelDigest());
    root.put("complete", summary.isComplete());
    root.put("resumed", summary.resumed());
    ObjectNode records = root.putObject("records");
    records.put("in", summary.records());
    records.put("results", summary.counts().results());
    records.put("dead_letters", summary.counts().deadLetters());
    ObjectNode tokens = root.putObject("tokens");
    tokens.put("prompt", summary.counts().promptTokens());
    tokens.put("generated", summary.counts().generatedTokens());
    tokens.put("per_second", summary.tokensPerSecond());
    root.put("elapsed_ms", summary.elapsed().toMillis());
    root.put("checkpoints", summary.counts().checkpoints());
    addEngines(root, summary.engines());
    ObjectNode set = root.putObject("settings");
    Secrets.masked(settings).forEach(set::put);
    try {
      return MAPPER.writeValueAsString(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void addEngines(ObjectNode root, EngineTotals engines) {
    ObjectNode experts = root.putObject("experts");
    experts.put("hits", engines.hits());
    experts.put("late_hits", engines.lateHits());
    experts.put("misses", engines.misses());
    experts.put("hit_rate", engines.hitRate());
    experts.put("prefetched_used", engines.prefetchUsed());
    experts.put("prefetched_wasted", engines.prefetchWasted());
    experts.put("prefetched_cancelled", engines.prefetchCancelled());
    experts.put("bytes_demand", engines.bytesDemand());
    experts.put("bytes_prefetch", engines.bytesPrefetch());
    experts.put("bytes_per_computed_token", engines.bytesPerRow());
    ObjectNode stall = root.putObject("stall_ms");
    stall.put("no_free_slot", engines.stallSlotNanos() / 1e6);
    stall.put("queue", engines.stallQueueNanos() / 1e6);
    stall.put("transfer", engines.stallTransferNanos() / 1e6);
    stall.put("share_of_step_time", engines.stallShare());
    for (TraceStats trace : engines.traces()) {
      root.withArray("traces")
          .addObject()
          .put("file", trace.file().toString())
          .put("events", trace.events())
          .put("dropped", trace.dropped())
          .put("failure", trace.failure());
    }
    ObjectNode memory = root.putObject("memory");
    ObjectNode device = memory.putObject("device");
    device.put("slots", engines.slots());
    device.put("budget_bytes", engines.budgetBytes());
    device.put("peak_bytes", engines.peakBytes());
    device.put("used_bytes", engines.usedBytes());
    HostTierStats tier = engines.hostTier();
    if (tier.slots() > 0) {
      memory
          .putObject("host")
          .put("budget_bytes", tier.budgetBytes())
          .put("expert_slots", tier.slots())
          .put("resident_experts", tier.resident())
          .put("hits", tier.hits())
          .put("misses", tier.misses())
          .put("bytes_from_host", tier.bytesFromHost())
          .put("bytes_from_storage", tier.bytesFromStorage());
    }
    ObjectNode steps = root.putObject("steps");
    steps.put("count", engines.steps());
    steps.put("computed_tokens", engines.rows());
    steps.put("reused_tokens", engines.reusedTokens());
    steps.put("step_ms_total", engines.stepNanos() / 1e6);
  }
}
