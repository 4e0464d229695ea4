package dev.drey.jobs.cli;

import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Settings;
import org.apache.flink.configuration.Configuration;

/**
 * One use of a command.
 *
 * @param settings everything that was set, merged but not validated
 * @param console where to write
 * @param json whether the result is wanted as JSON
 */
public record Invocation(Configuration settings, Console console, boolean json) {
  /**
   * For commands that have flags alone.
   *
   * @throws RefusedException if a setting of ours was given
   */
  void refuseSettings(String command) {
    for (String key : settings.keySet()) {
      if (key.startsWith(Settings.PREFIX)) {
        throw new RefusedException(
            "%s: %s is set by its flags alone, so that its report says everything"
                .formatted(key, command));
      }
    }
  }
}
