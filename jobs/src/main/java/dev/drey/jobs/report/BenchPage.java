package dev.drey.jobs.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.bench.BenchJson;
import dev.drey.runtime.bench.BenchReport;
import java.io.IOException;

/**
 * One HTML page with a benchmark's speed over the memory that its cases hold, beside everything
 * resident and what was planned; it loads nothing, and its data are the whole report.
 */
public final class BenchPage {
  private BenchPage() {}

  /** The page. */
  public static String of(BenchReport report) throws IOException {
    return ChartPage.of(
        "Drey benchmark", "bench.js", new ObjectMapper().readTree(BenchJson.of(report)));
  }
}
