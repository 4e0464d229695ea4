package dev.drey.runtime.verify;

import dev.drey.runtime.model.ComputeType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The table of {@code docs/models.md}: per model the largest differences that a run found. */
final class SupportMatrix {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\| \\w+ \\| \\d");

  private final Map<String, Map<String, VerifyReport>> reports = new TreeMap<>();

  void add(String model, String device, VerifyReport report) {
    reports
        .computeIfAbsent(model, any -> new TreeMap<>())
        .put(key(device, report.compute()), report);
  }

  private static String key(String device, ComputeType compute) {
    return device + " " + compute.name().toLowerCase(Locale.ROOT);
  }

  /** One row per model; a cell is empty where nothing ran. */
  String table() {
    StringBuilder table = new StringBuilder();
    table.append(
        """
        | model | architecture | f32, reference | f32, cpu | bf16, reference | bf16, cpu |
        |---|---|---|---|---|---|
        """);
    reports.forEach(
        (model, byRun) -> {
          String architecture = byRun.values().iterator().next().architecture();
          table.append("| `%s` | %s |".formatted(model, architecture));
          table.append(exact(byRun.get("reference f32"))).append(exact(byRun.get("cpu f32")));
          table.append(rounded(byRun.get("reference bf16"))).append(rounded(byRun.get("cpu bf16")));
          table.append('\n');
        });
    return table.toString();
  }

  private static String exact(@Nullable VerifyReport report) {
    return report == null ? " |" : " %.1e |".formatted(report.largestLogitDifference());
  }

  private static String rounded(@Nullable VerifyReport report) {
    return report == null
        ? " |"
        : " %.3f, %.1f %%, %d of %d |"
            .formatted(
                report.meanAbs(),
                100 * report.argmaxAgreement(),
                report.routingFlips(),
                report.routingDecisions());
  }

  /** The models that a page has rows for, in its order. */
  static List<String> modelsOf(String page) {
    return ROW.matcher(page).results().map(row -> row.group(1)).toList();
  }
}
