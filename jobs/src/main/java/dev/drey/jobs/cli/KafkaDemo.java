package dev.drey.jobs.cli;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.kafka.DemoTopics;
import dev.drey.jobs.kafka.EmbeddedBroker;
import dev.drey.jobs.local.JobFailedException;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.run.EngineCheck;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.run.ModelIdentity;
import dev.drey.jobs.run.RunRequest;
import dev.drey.jobs.run.RunSummary;
import dev.drey.jobs.run.SlotProbe;
import dev.drey.jobs.run.TopicRun;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import dev.drey.schemas.serde.RecordCodec;
import dev.drey.schemas.serde.RecordFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;

/** The demo from topic to topics, with a broker of its own. */
final class KafkaDemo {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration LONG_PATIENCE = Duration.ofHours(1);

  private final Invocation invocation;
  private final Path workplace;
  private final Path results;
  private final boolean keepRunning;
  private final ProgressLine progress;

  KafkaDemo(Invocation invocation, Path workplace, Path results, boolean keepRunning) {
    this.invocation = invocation;
    this.workplace = workplace;
    this.results = results;
    this.keepRunning = keepRunning;
    this.progress = new ProgressLine(invocation.console());
  }

  int run(List<byte[]> prompts) throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(workplace.resolve("kafka"), Map.of())) {
      DemoTopics topics = new DemoTopics(broker.bootstrap(), "requests", "results", "dead-letters");
      Configuration settings = settings(topics);
      RunRequest request = new RunRequest("demo", settings, true);
      request.validate();
      ModelIdentity model = ModelIdentity.read(request.model());
      EngineCheck.here(settings);
      topics.create(Math.max(2, JobSettings.REPLICAS.in(settings)));
      List<String> identities = topics.send(prompts);
      progress.note(
          "Kafka at %s: %d prompts are in topic %s"
              .formatted(broker.bootstrap(), prompts.size(), topics.input()));
      TopicRun run =
          new TopicRun(
              request,
              model,
              EnginePipeline.of(settings, WireFormat.JSON, true),
              new SlotProbe(),
              progress);
      if (keepRunning) {
        watch(topics, prompts, identities);
        return runUntilInterrupted(run);
      }
      return finish(topics, prompts, identities, run.run(prompts.size()));
    }
  }

  /** The input has no end: being cancelled is how the job is meant to end. */
  private int runUntilInterrupted(TopicRun run) throws Exception {
    try {
      InferenceCommand.report(run.run(-1), invocation);
    } catch (JobFailedException end) {
      if (!end.isCancelled()) {
        throw end;
      }
      progress.note("the job was cancelled; closing the broker");
    }
    return ExitCode.DONE;
  }

  private Configuration settings(DemoTopics topics) {
    Configuration settings = new Configuration(invocation.settings());
    settings.set(KafkaSettings.BOOTSTRAP.option(), topics.bootstrap());
    settings.set(KafkaSettings.INPUT_TOPIC.option(), topics.input());
    settings.set(KafkaSettings.OUTPUT_TOPIC.option(), topics.output());
    settings.set(KafkaSettings.DEAD_LETTER_TOPIC.option(), topics.deadLetters());
    settings.set(KafkaSettings.FORMAT.option(), "json");
    settings.set(KafkaSettings.BOUNDED.option(), !keepRunning);
    settings.set(JobSettings.STATE_DIR.option(), workplace.resolve("state").toString());
    return settings;
  }

  private int finish(
      DemoTopics topics, List<byte[]> prompts, List<String> identities, RunSummary summary)
      throws IOException {
    Outcomes outcomes = Outcomes.of(topics.read(identities.size(), PATIENCE), identities);
    outcomes.write(results);
    if (!invocation.json()) {
      Completions.print(prompts, outcomes.results(), invocation.console().out());
    }
    InferenceCommand.report(summary, invocation);
    outcomes.problems().forEach(p -> invocation.console().err().println("drey: " + p));
    return outcomes.problems().isEmpty() && summary.isComplete() ? ExitCode.DONE : ExitCode.FAILED;
  }

  /** Shows the outcomes once they are there, while the job goes on. */
  private void watch(DemoTopics topics, List<byte[]> prompts, List<String> identities) {
    Thread watcher =
        new Thread(
            () -> {
              PrintWriter out = invocation.console().out();
              try {
                Outcomes outcomes =
                    Outcomes.of(topics.read(identities.size(), LONG_PATIENCE), identities);
                outcomes.write(results);
                progress.done();
                Completions.print(prompts, outcomes.results(), out);
                outcomes.problems().forEach(out::println);
                out.printf(
                    "All %d prompts are answered. Broker %s, topics %s, %s, %s; Ctrl-C ends.%n",
                    identities.size(),
                    topics.bootstrap(),
                    topics.input(),
                    topics.output(),
                    topics.deadLetters());
                out.flush();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            "demo-watcher");
    watcher.setDaemon(true);
    watcher.start();
  }

  /**
   * What came out for the prompts.
   *
   * @param results results in the order of the prompts
   * @param resultLines results as they go into a file
   * @param deadLetterLines dead letters as they go into a file
   * @param problems prompts without exactly one outcome
   */
  private record Outcomes(
      List<InferenceResult> results,
      List<byte[]> resultLines,
      List<byte[]> deadLetterLines,
      List<String> problems) {
    static Outcomes of(Map<String, List<DemoTopics.Read>> read, List<String> identities) {
      RecordCodec<InferenceResult> codec = WireFormat.JSON.results(WireFormat.DEFAULT_MAX_BYTES);
      Outcomes outcomes =
          new Outcomes(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      for (String identity : identities) {
        List<DemoTopics.Read> found = read.getOrDefault(identity, List.of());
        if (found.size() != 1) {
          outcomes
              .problems()
              .add("request %s has %d outcomes instead of one".formatted(identity, found.size()));
          continue;
        }
        outcomes.add(found.get(0), codec);
      }
      return outcomes;
    }

    private void add(DemoTopics.Read outcome, RecordCodec<InferenceResult> codec) {
      byte[] value = outcome.value();
      if (outcome.deadLetter()) {
        deadLetterLines.add(value == null ? new byte[0] : value);
        return;
      }
      try {
        results.add(codec.decode(value));
        resultLines.add(value == null ? new byte[0] : value);
      } catch (RecordFormatException e) {
        problems.add("the result of %s cannot be read: %s".formatted(outcome.request(), e));
      }
    }

    void write(Path directory) throws IOException {
      Files.createDirectories(directory);
      write(directory.resolve(ResultJoin.DEAD_LETTERS), deadLetterLines);
      write(directory.resolve(ResultJoin.RESULTS), resultLines);
    }

    private static void write(Path file, List<byte[]> lines) throws IOException {
      try (AtomicFile target = AtomicFile.beside(file)) {
        for (byte[] line : lines) {
          target.out().write(line);
          target.out().write('\n');
        }
        target.commit();
      }
    }
  }
}
