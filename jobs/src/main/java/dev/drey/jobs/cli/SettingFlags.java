package dev.drey.jobs.cli;

import dev.drey.jobs.options.Section;
import dev.drey.jobs.options.Setting;
import dev.drey.jobs.options.Settings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Flags made from settings. Values stay text until the validator reads them, so that one run
 * reports every wrong value, wherever it was set.
 */
final class SettingFlags {
  private SettingFlags() {}

  /** Gives the command the flags of these sections. */
  static void attach(CommandSpec command, Set<Section> sections) {
    for (Setting<?> setting : Settings.of(sections)) {
      if (!setting.flag().isEmpty() && command.findOption(setting.flag()) == null) {
        command.addOption(option(setting));
      }
    }
  }

  private static OptionSpec option(Setting<?> setting) {
    String text = setting.description().replace("%", "%%");
    OptionSpec.Builder option = OptionSpec.builder(setting.flag()).description(text);
    return setting.isToggle()
        ? option.type(boolean.class).arity("0").build()
        : option.type(String.class).arity("1").paramLabel(setting.label()).build();
  }

  /** Keys and values of the flags that were given. */
  static Map<String, String> values(ParseResult parsed, Set<Section> sections) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Setting<?> setting : Settings.of(sections)) {
      if (!setting.flag().isEmpty() && parsed.hasMatchedOption(setting.flag())) {
        @Nullable Object value = parsed.matchedOptionValue(setting.flag(), null);
        if (value != null) {
          values.put(setting.key(), value.toString());
        }
      }
    }
    return values;
  }
}
