package dev.drey.jobs.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One HTML page with a trace's charts; it loads nothing. */
public final class ReportPage {
  private ReportPage() {}

  /**
   * The page.
   *
   * @param simulation what {@code drey simulate --json} printed for the trace; null for none
   */
  public static String of(TraceReport report, @Nullable JsonNode simulation) throws IOException {
    ObjectNode data = report.json();
    data.setAll(report.charts());
    data.set("simulation", simulation);
    return ChartPage.of("Drey trace", "report.js", data);
  }
}
