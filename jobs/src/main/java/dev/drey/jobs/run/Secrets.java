package dev.drey.jobs.run;

import dev.drey.jobs.options.KafkaSettings;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;

/** Keeps secrets out of what is printed and written. */
final class Secrets {
  private static final String MASK = "******";

  private Secrets() {}

  /**
   * The settings in the order of their keys. Values that Flink counts as sensitive, and all of the
   * Kafka clients' properties, are masked.
   */
  static Map<String, String> masked(Configuration settings) {
    Map<String, String> shown = new TreeMap<>();
    settings
        .toMap()
        .forEach(
            (key, value) ->
                shown.put(
                    key,
                    GlobalConfiguration.isSensitive(key)
                            || key.startsWith(KafkaSettings.PROPERTIES_PREFIX)
                        ? MASK
                        : value));
    return shown;
  }
}
