package dev.drey.jobs.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * One HTML page with a trace's charts. Scripts, styles and data are in it; it loads nothing, and
 * its content security policy forbids it to.
 */
public final class ReportPage {
  private static final String CHART_JS = "/META-INF/resources/webjars/chart.js/4.5.1/";
  private static final String HERE = "/dev/drey/jobs/report/";

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
    return text(HERE + "report.html")
        .replace("/*LICENCE*/", text(CHART_JS + "LICENSE.md"))
        .replace("/*STYLE*/", text(HERE + "report.css"))
        .replace("/*CHARTS*/", withoutSourceMap(text(CHART_JS + "dist/chart.umd.min.js")))
        .replace("/*SCRIPT*/", text(HERE + "report.js"))
        .replace("/*DATA*/", embedded(data));
  }

  /** JSON that cannot end the element it stands in. */
  private static String embedded(JsonNode data) {
    return data.toString().replace("<", "\\u003c");
  }

  private static String withoutSourceMap(String script) {
    return script.replaceAll("(?m)^//# sourceMappingURL=.*$", "");
  }

  private static String text(String resource) throws IOException {
    try (InputStream in = ReportPage.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource + " is missing in this program");
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
