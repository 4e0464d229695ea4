package dev.drey.jobs.run;

import dev.drey.jobs.kafka.Findings;
import dev.drey.jobs.kafka.KafkaPreflight;
import dev.drey.jobs.kafka.RecordLimits;
import dev.drey.jobs.local.LocalCluster;
import dev.drey.jobs.local.RunFolder;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Setting;
import dev.drey.jobs.topology.InferenceJob;
import dev.drey.jobs.topology.RecordPipeline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From topic to topics in this process.
 *
 * <p>Failure: checkpoints lie in a folder named by what the command means; the same command goes on
 * from the newest. A bounded run that ends removes it.
 */
public final class TopicRun {
  private static final List<Setting<?>> PLACES =
      List.of(
          KafkaSettings.BOOTSTRAP,
          KafkaSettings.INPUT_TOPIC,
          KafkaSettings.OUTPUT_TOPIC,
          KafkaSettings.DEAD_LETTER_TOPIC,
          KafkaSettings.GROUP,
          KafkaSettings.FORMAT,
          KafkaSettings.BOUNDED,
          KafkaSettings.TRANSACTION_PREFIX);

  private final RunRequest request;
  private final ModelIdentity model;
  private final RecordPipeline pipeline;
  private final EngineProbe probe;
  private final Progress progress;

  /**
   * @param request what to run, validated
   * @param model which model that is
   * @param pipeline what lies between source and sink
   */
  public TopicRun(
      RunRequest request,
      ModelIdentity model,
      RecordPipeline pipeline,
      EngineProbe probe,
      Progress progress) {
    this.request = request;
    this.model = model;
    this.pipeline = pipeline;
    this.probe = probe;
    this.progress = progress;
  }

  /**
   * Runs to the end of a bounded input, or until the process is stopped.
   *
   * @param total records there are; negative if unknown
   * @throws RefusedException if the brokers or topics are not as they must be
   */
  public RunSummary run(long total) throws Exception {
    LocalCluster.requireOwnCheckpoints(request.settings());
    Path parent = stateDirectory();
    Files.createDirectories(parent);
    try (RunFolder folder = RunFolder.open(parent, meaning(), request.fresh())) {
      @Nullable Instant resumed =
          folder.newestCheckpoint().map(RunFolder.Checkpoint::taken).orElse(null);
      RecordLimits limits = preflight(resumed, progress);
      LocalJob.Ended ended =
          new LocalJob(request, folder, probe, progress)
              .run(
                  environment ->
                      InferenceJob.topics(environment, request.settings(), pipeline, limits),
                  () -> total,
                  counts -> {});
      folder.delete();
      return new RunSummary(
          request.command(),
          model.name(),
          model.digest(),
          total,
          ended.counts(),
          ended.engines(),
          ended.elapsed(),
          ended.tokensPerSecond(),
          ended.resumed());
    }
  }

  private RecordLimits preflight(@Nullable Instant resumed, Progress notes) {
    return preflight(request, resumed != null, resumed, notes);
  }

  /** Checks the brokers; refuses with everything that is wrong, notes what is worth knowing. */
  static RecordLimits preflight(
      RunRequest request, boolean restores, @Nullable Instant resumed, Progress notes) {
    if (!KafkaSettings.PREFLIGHT.in(request.settings())) {
      return RecordLimits.DEFAULT;
    }
    Findings findings =
        KafkaPreflight.check(request.settings(), restores, resumed, Clock.systemUTC());
    findings.warnings().forEach(w -> notes.note("warning: " + w));
    if (!findings.problems().isEmpty()) {
      throw new RefusedException(findings.problems());
    }
    return findings.limits();
  }

  private Path stateDirectory() {
    return JobSettings.STATE_DIR
        .find(request.settings())
        .map(Path::of)
        .orElseGet(
            () -> {
              @Nullable String state = System.getenv("XDG_STATE_HOME");
              Path base =
                  state == null || state.isEmpty()
                      ? Path.of(System.getProperty("user.home"), ".local", "state")
                      : Path.of(state);
              return base.resolve("drey");
            });
  }

  private List<String> meaning() {
    List<String> lines = new ArrayList<>(request.meaning());
    lines.add("model " + model.digest());
    for (Setting<?> place : PLACES) {
      lines.add(place.key() + " " + place.find(request.settings()).map(String::valueOf).orElse(""));
    }
    return lines;
  }
}
