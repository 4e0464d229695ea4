package dev.drey.jobs.cli;

import dev.drey.jobs.run.EngineTotals;
import dev.drey.jobs.run.JobCounts;
import dev.drey.jobs.run.RunSummary;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.trace.TraceStats;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The table a run ends with. */
final class SummaryTable {
  private SummaryTable() {}

  /** The table, a line per figure. */
  static String text(RunSummary summary) {
    StringBuilder text = new StringBuilder();
    rows(summary).forEach((name, value) -> text.append("  %-34s %s%n".formatted(name, value)));
    return text.toString();
  }

  private static Map<String, String> rows(RunSummary summary) {
    JobCounts counts = summary.counts();
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put(
        "records in / results / dead letters",
        "%s / %s / %s"
            .formatted(
                summary.records() < 0 ? "?" : SizeText.count(summary.records()),
                SizeText.count(counts.results()),
                SizeText.count(counts.deadLetters())));
    rows.put(
        "prompt / generated tokens",
        SizeText.count(counts.promptTokens()) + " / " + SizeText.count(counts.generatedTokens()));
    rows.put(
        "time, tokens per second",
        "%s, %s"
            .formatted(
                SizeText.clock(summary.elapsed()),
                String.format(Locale.ROOT, "%.1f", summary.tokensPerSecond())));
    if (summary.engines().slots() > 0) {
      addEngines(rows, summary.engines());
    }
    rows.put(
        "checkpoints", counts.checkpoints() + (summary.resumed() ? " (resumed from one)" : ""));
    return rows;
  }

  private static void addEngines(Map<String, String> rows, EngineTotals engines) {
    rows.put(
        "tokens computed / reused",
        SizeText.count(engines.rows()) + " / " + SizeText.count(engines.reusedTokens()));
    rows.put(
        "experts: hits / late hits / misses",
        "%s / %s / %s (hit rate %s)"
            .formatted(
                SizeText.count(engines.hits()),
                SizeText.count(engines.lateHits()),
                SizeText.count(engines.misses()),
                SizeText.percent(engines.hitRate())));
    rows.put(
        "prefetched: used / wasted",
        SizeText.count(engines.prefetchUsed()) + " / " + SizeText.count(engines.prefetchWasted()));
    rows.put(
        "expert bytes moved per token",
        "%s (demand %s, prefetch %s, %s tokens computed)"
            .formatted(
                SizeText.bytes(engines.bytesPerRow()),
                SizeText.bytes(engines.bytesDemand()),
                SizeText.bytes(engines.bytesPrefetch()),
                SizeText.count(engines.rows())));
    rows.put(
        "stalled: no slot / queue / transfer",
        "%s / %s / %s (%s of step time)"
            .formatted(
                SizeText.seconds(engines.stallSlotNanos()),
                SizeText.seconds(engines.stallQueueNanos()),
                SizeText.seconds(engines.stallTransferNanos()),
                SizeText.percent(engines.stallShare())));
    rows.put(
        "device memory: budget / peak",
        "%s / %s in %d slot(s)"
            .formatted(
                SizeText.bytes(engines.budgetBytes()),
                SizeText.bytes(engines.peakBytes()),
                engines.slots()));
    HostTierStats host = engines.hostTier();
    if (host.slots() > 0) {
      rows.put(
          "host memory: budget / experts",
          "%s / %s of %s"
              .formatted(
                  SizeText.bytes(host.budgetBytes()),
                  SizeText.count(host.resident()),
                  SizeText.count(host.slots())));
      rows.put(
          "expert bytes from host / storage",
          SizeText.bytes(host.bytesFromHost()) + " / " + SizeText.bytes(host.bytesFromStorage()));
    }
    int number = 1;
    for (TraceStats trace : engines.traces()) {
      rows.put(engines.traces().size() == 1 ? "trace" : "trace " + number++, text(trace));
    }
  }

  private static String text(TraceStats trace) {
    return trace.failure() == null
        ? "%s, %s events, %s dropped"
            .formatted(
                trace.file(), SizeText.count(trace.events()), SizeText.count(trace.dropped()))
        : "%s cannot be written: %s".formatted(trace.file(), trace.failure());
  }
}
