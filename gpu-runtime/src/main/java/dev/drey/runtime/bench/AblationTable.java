package dev.drey.runtime.bench;

import java.util.List;
import java.util.Locale;

/** An ablation for people. */
final class AblationTable {
  private static final List<String> HEADER =
      List.of(
          "stage",
          "tokens/s",
          "of the one before",
          "of simple",
          "resident ms/step",
          "arrival ms/step",
          "kept %",
          "gain over + groups",
          "bound",
          "% of bound");

  private AblationTable() {}

  static String of(Ablation ablation) {
    TextTable table = new TextTable();
    table.row(HEADER);
    ablation.stages().forEach(stage -> table.row(row(stage)));
    return format(
            "ablation of %s at %s, group %d, %s: %s%n",
            ablation.phase().label(),
            ablation.window(),
            ablation.group(),
            ablation.policy(),
            ablation.monotone() ? "monotone" : "NOT monotone")
        + table;
  }

  private static List<String> row(Ablation.Stage stage) {
    OverlapGain overlap = stage.overlap();
    return List.of(
        stage.name(),
        format("%.1f", stage.tokensPerSecond()),
        format("%.2f", stage.overPrevious()),
        format("%.2f", stage.overSimple()),
        overlap == null ? "" : format("%.2f", overlap.residentNanos() / 1e6),
        overlap == null ? "" : format("%.2f", overlap.arrivalNanos() / 1e6),
        overlap == null ? "" : format("%.1f", overlap.keptShare() * 100),
        overlap == null ? "" : format("%.2f", overlap.gain()),
        overlap == null ? "" : format("%.2f", overlap.bound()),
        overlap == null ? "" : format("%.1f", overlap.boundShare() * 100));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
