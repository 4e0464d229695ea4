package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.run.ClusterRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows the whole thing on the sample model, with a Kafka broker and a Flink cluster in-process.
 */
@Command(
    name = "demo",
    description = {
      "Starts a Kafka broker and a Flink cluster in this process, sends the sample prompts through",
      "the sample model with a quarter of its experts in memory, and shows what came out."
    })
final class DemoCommand implements CliCommand {
  private static final String HOME_PROPERTY = "drey.home";

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "200",
      description = "Prompts to send; more than the samples repeat them. Default: 200.")
  int prompts;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write results.jsonl and dead-letters.jsonl there.")
  @Nullable Path out;

  @Option(
      names = "--keep-running",
      description = "Leave broker and job running for prompts of your own, until Ctrl-C.")
  boolean keepRunning;

  @Option(names = "--no-kafka", description = "From file to file, without a broker.")
  boolean noKafka;

  @Override
  public Set<Section> sections() {
    return EnumSet.of(Section.ENGINE, Section.JOB);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    if (ClusterRun.isOnCluster()) {
      throw new RefusedException(
          "demo brings its own broker and cluster; submit generate or score to this one");
    }
    if (prompts < 1) {
      throw new RefusedException("--prompts: expected at least 1, found " + prompts);
    }
    if (noKafka && keepRunning) {
      throw new RefusedException("--keep-running needs the broker; leave out --no-kafka");
    }
    Path home = home();
    Configuration settings = new Configuration(invocation.settings());
    setDefaults(settings, home);
    Invocation demo = new Invocation(settings, invocation.console(), invocation.json());
    try (Workplace workplace = Workplace.create()) {
      List<byte[]> lines = samples(home.resolve("examples/sample-prompts.jsonl"));
      Path results = out == null ? workplace.path().resolve("out") : out;
      return noKafka
          ? new FileDemo(demo, workplace.path(), results).run(lines)
          : new KafkaDemo(demo, workplace.path(), results, keepRunning).run(lines);
    }
  }

  private static Path home() {
    @Nullable String home = System.getProperty(HOME_PROPERTY);
    return home == null ? Path.of("").toAbsolutePath() : Path.of(home);
  }

  private static void setDefaults(Configuration settings, Path home) {
    if (!settings.contains(EngineSettings.MODEL.option())) {
      settings.set(
          EngineSettings.MODEL.option(), home.resolve("examples/sample-qwen3-moe").toString());
    }
    if (!settings.contains(EngineSettings.EXPERT_MEMORY.option())
        && !settings.contains(EngineSettings.DEVICE_MEMORY.option())) {
      settings.set(EngineSettings.EXPERT_MEMORY.option(), "25%");
    }
    if (!settings.contains(JobSettings.CHECKPOINT_INTERVAL.option())) {
      settings.setString(JobSettings.CHECKPOINT_INTERVAL.key(), "2 s");
    }
  }

  private List<byte[]> samples(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new RefusedException(
          "%s: the sample prompts are not there; start the demo with ./drey from the checkout"
              .formatted(file));
    }
    List<String> samples = Files.readAllLines(file);
    List<byte[]> lines = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      lines.add(samples.get(i % samples.size()).getBytes(UTF_8));
    }
    return lines;
  }
}
