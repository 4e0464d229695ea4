package dev.drey.jobs.options;

import java.util.Map;
import org.apache.flink.configuration.Configuration;

/**
 * The places settings come from, weakest first: the cluster's configuration, a file, {@code -D},
 * flags.
 */
public final class SettingSources {
  private final Configuration merged = new Configuration();

  /** Starts from what the cluster is configured with; only our own keys count as given. */
  public SettingSources cluster(Configuration cluster) {
    cluster
        .toMap()
        .forEach(
            (key, value) -> {
              if (key.startsWith(Settings.PREFIX)
                  || key.equals(JobSettings.CHECKPOINT_INTERVAL.key())) {
                merged.setString(key, value);
              }
            });
    return this;
  }

  /** Adds settings that win over those so far. */
  public SettingSources then(Map<String, String> settings) {
    settings.forEach(merged::setString);
    return this;
  }

  /** Everything together, not yet validated. */
  public Configuration merged() {
    return new Configuration(merged);
  }
}
