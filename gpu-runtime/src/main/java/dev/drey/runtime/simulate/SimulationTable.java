package dev.drey.runtime.simulate;

import dev.drey.runtime.simulate.SimulationReport.Budget;
import dev.drey.runtime.simulate.SimulationReport.Cell;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.TraceHeader;
import java.util.Locale;

/** A report for people. */
public final class SimulationTable {
  private static final String ROW = "  %-32s %6s %6s %6s %10s %8s %12s %9s %9s %7s %7s%n";

  private SimulationTable() {}

  /** The report as text: what was replayed, then a table per window size. */
  public static String of(SimulationReport report) {
    TraceHeader header = report.header();
    StringBuilder text = new StringBuilder();
    text.append(
        line(
            "  %s: %,d steps, %,d tokens computed, %,d layers of steps, up to %d of %d experts each%n",
            header.model(),
            report.steps(),
            report.rows(),
            report.events(),
            report.largestEvent(),
            header.experts()));
    text.append(
        line(
            "  link %.1f MB/s, %.1f KB an expert; computing %s; predictions: %s%n",
            report.bytesPerSecond() / 1e6,
            header.expertBytes() / 1e3,
            report.layerNanos() == 0
                ? "as recorded"
                : line("%.1f us a layer", report.layerNanos() / 1e3),
            report.predictions()));
    for (RecallMetrics recall : report.recall()) {
      text.append(
          line(
              "  predictions %d layers ahead: recall %.1f%%, of as many as demanded %.1f%%, precision %.1f%%%n",
              recall.distance(),
              100 * recall.recall(),
              100 * recall.recallOfAsMany(),
              100 * recall.precision()));
    }
    if (report.missing() > 0) {
      text.append(
          line(
              "  ATTENTION: %,d events are missing in the trace; figures are of the others%n",
              report.missing()));
    }
    report.budgets().forEach(budget -> append(text, report, budget));
    return text.toString();
  }

  private static void append(StringBuilder text, SimulationReport report, Budget budget) {
    BeladyBound bound = budget.bound();
    text.append(
        line(
            "%n  %.1f%% of the experts: %,d slots of %,d%n",
            100 * budget.share(), bound.slots(), report.header().totalExperts()));
    text.append(
        line(
            ROW,
            "policy",
            "hit %",
            "late %",
            "miss %",
            "loads",
            "/Belady",
            "KB/token",
            "stall s",
            "total s",
            "/bound",
            "us/lay"));
    for (Cell cell : budget.cells()) {
      text.append(row(report, bound, cell));
    }
    double least = (double) bound.loads() * report.header().expertBytes();
    text.append(
        line(
            ROW,
            "Belady, seconds bound",
            "",
            "",
            "",
            line("%,d", bound.loads()),
            "1.00",
            line("%,.1f", report.bytesPerRow(least) / 1e3),
            "",
            line("%.3f", bound.nanos() / 1e9),
            "1.00",
            ""));
    text.append(line("  no loading across steps: at least %.3f s%n", bound.stepwiseNanos() / 1e9));
  }

  private static String row(SimulationReport report, BeladyBound bound, Cell cell) {
    ReplayResult result = cell.result();
    double demanded = Math.max(1, result.demanded()) / 100.0;
    return line(
        ROW,
        result.policy(),
        line("%.1f", result.hits() / demanded),
        line("%.1f", result.lateHits() / demanded),
        line("%.1f", result.misses() / demanded),
        line("%,d", result.loads()),
        line("%.2f", (double) result.loads() / Math.max(1, bound.loads())),
        line("%,.1f", report.bytesPerRow((double) result.bytes()) / 1e3),
        line("%.3f", result.stallNanos() / 1e9),
        line("%.3f", result.nanos() / 1e9),
        line("%.2f", (double) result.nanos() / Math.max(1, bound.nanos())),
        line("%.2f", cell.eventMicros()));
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
