package dev.drey.jobs.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/**
 * One HTML page with charts. Scripts, styles and data are in it; it loads nothing, and its content
 * security policy forbids it to.
 */
final class ChartPage {
  private static final String CHART_JS = "/META-INF/resources/webjars/chart.js/4.5.1/";
  private static final String HERE = "/dev/drey/jobs/report/";

  private ChartPage() {}

  /**
   * The page.
   *
   * @param title what it shows
   * @param script name of the script that draws it, which finds {@code data} in {@code page}
   */
  static String of(String title, String script, JsonNode data) throws IOException {
    return text(HERE + "page.html")
        .replace("/*TITLE*/", title)
        .replace("/*LICENCE*/", text(CHART_JS + "LICENSE.md"))
        .replace("/*STYLE*/", text(HERE + "page.css"))
        .replace("/*CHARTS*/", withoutSourceMap(text(CHART_JS + "dist/chart.umd.min.js")))
        .replace("/*PAGE*/", text(HERE + "page.js"))
        .replace("/*SCRIPT*/", text(HERE + script))
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
    try (InputStream in = ChartPage.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource + " is missing in this program");
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
