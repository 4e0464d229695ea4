package dev.drey.jobs.cli;

import dev.drey.jobs.options.SettingSources;
import dev.drey.jobs.options.YamlSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every command. */
final class CommonFlags {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file with settings; flags and -D win over it.")
  @Nullable Path config;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Any setting by its key, ours (drey.*) or Flink's; see docs/configuration.md.")
  Map<String, String> definitions = new LinkedHashMap<>();

  @Option(names = "--json", description = "Print the result as JSON.")
  boolean json;

  @Option(names = "--verbose", description = "Show the stack trace of a failure.")
  boolean verbose;

  /** Everything that was set: cluster, file, -D, flags, each winning over the one before. */
  Configuration merge(Configuration cluster, Map<String, String> flags) {
    SettingSources sources = new SettingSources().cluster(cluster);
    if (config != null) {
      sources.then(YamlSettings.read(config));
    }
    return sources.then(definitions).then(flags).merged();
  }
}
