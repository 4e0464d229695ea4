package dev.drey.jobs.cli;

import dev.drey.jobs.report.TraceReport;
import dev.drey.runtime.trace.LatencyMetrics;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.ResidencyMetrics;
import dev.drey.runtime.trace.Spread;
import java.util.Locale;

/** The metrics of a trace as text. */
final class TraceTable {
  private final StringBuilder text = new StringBuilder();

  private TraceTable() {}

  /** The table, a line per figure. */
  static String of(TraceReport report) {
    TraceTable table = new TraceTable();
    table.add(report);
    return table.text.toString();
  }

  private void add(TraceReport report) {
    ResidencyMetrics experts = report.residency();
    LatencyMetrics latency = report.latency();
    row(
        "trace",
        "%s: %d of %d experts in the window, %s, %s",
        report.header().model(),
        report.header().slots(),
        report.header().totalExperts(),
        report.header().policy(),
        report.header().predictor());
    if (report.totals().dropped() > 0) {
      row("ATTENTION", "%,d events could not be recorded", report.totals().dropped());
    }
    row(
        "steps, tokens computed / output",
        "%,d, %,d / %,d in %s",
        latency.steps(),
        latency.rows(),
        latency.outputs(),
        SizeText.seconds(latency.nanos()));
    row("step, median / 99 %", "%s", spread(latency.stepNanos()));
    row("first token, median / 99 %", "%s", spread(latency.firstTokenNanos()));
    row("output token, median / 99 %", "%s", spread(latency.tokenNanos()));
    row(
        "experts: hits / late hits / misses",
        "%,d / %,d / %,d (hit rate %s)",
        experts.hits(),
        experts.lateHits(),
        experts.misses(),
        SizeText.percent(experts.hitRate()));
    row(
        "prefetched: used / wasted",
        "%,d / %,d of %,d",
        experts.prefetchUsed(),
        experts.prefetchWasted(),
        experts.prefetchIssued());
    row(
        "expert bytes moved",
        "%s (%s wasted) at %s/s",
        SizeText.bytes(experts.bytes()),
        SizeText.bytes(experts.bytesWasted()),
        SizeText.bytes(report.linkBytesPerSecond()));
    row("stalled", "%s", SizeText.seconds(experts.stallNanos()));
    for (RecallMetrics recall : report.recall()) {
      row(
          "predictions %d layers ahead".formatted(recall.distance()),
          "recall %s, precision %s, of what was not there %s",
          SizeText.percent(recall.recall()),
          SizeText.percent(recall.precision()),
          SizeText.percent(recall.missStreamRecall()));
    }
  }

  private static String spread(Spread nanos) {
    return String.format(Locale.ROOT, "%.2f / %.2f ms", nanos.median() / 1e6, nanos.p99() / 1e6);
  }

  private void row(String name, String format, Object... values) {
    text.append(
        String.format(
            Locale.ROOT, "  %-34s %s%n", name, String.format(Locale.ROOT, format, values)));
  }
}
