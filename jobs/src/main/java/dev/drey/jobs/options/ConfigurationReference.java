package dev.drey.jobs.options;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.util.TimeUtils;

/** Writes the reference of all settings as Markdown. */
public final class ConfigurationReference {
  private static final String HEAD =
      """
      # Configuration

      Every setting can be given as a flag, as `-D key=value`, or in a YAML file named with `--config`. A flag wins over
      `-D`, `-D` over the file, the file over the cluster's configuration. Unknown `drey.` keys are refused, and everything
      that is wrong is reported at once. Flink's own settings (`execution.checkpointing.dir`, `restart-strategy.type`, …)
      are given the same way, without flags; a job in the own process refuses those that say where checkpoints are kept.

      This file is generated from the code; a test fails when it is not current and says how to write it anew.
      """;

  /** Types other than text of settings whose default does not tell it, having none. */
  private static final Map<String, String> TYPES =
      Map.of(
          FileSettings.INPUT.key(), "list",
          JobSettings.MODEL_NAMES.key(), "list",
          JobSettings.DEFAULT_MAX_TOKENS.key(), "integer");

  private ConfigurationReference() {}

  /** The whole reference. */
  public static String markdown() {
    StringBuilder text = new StringBuilder(HEAD);
    for (Section section : Section.values()) {
      text.append("\n## ").append(section.title()).append("\n\n");
      text.append("| key | flag | type | default | meaning |\n|---|---|---|---|---|\n");
      Settings.all().stream()
          .filter(s -> s.section() == section)
          .forEach(s -> text.append(row(s)).append('\n'));
      if (section == Section.KAFKA) {
        text.append(
            "| `%s*` | | string | | Passed to Kafka's clients without the prefix. |\n"
                .formatted(KafkaSettings.PROPERTIES_PREFIX));
      }
    }
    return text.toString();
  }

  private static String row(Setting<?> setting) {
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            setting.key(),
            setting.flag().isEmpty() ? "" : "`" + setting.flag() + "`",
            type(setting),
            setting.option().hasDefaultValue()
                ? "`" + text(setting.option().defaultValue()) + "`"
                : "",
            setting.description().replace("|", "\\|"));
  }

  private static String type(Setting<?> setting) {
    if (setting.option().hasDefaultValue()) {
      return setting.option().defaultValue().getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
    return TYPES.getOrDefault(setting.key(), "string");
  }

  private static String text(Object value) {
    return value instanceof Duration d ? TimeUtils.formatWithHighestUnit(d) : String.valueOf(value);
  }
}
