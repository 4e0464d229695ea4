package dev.drey.jobs.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.files.InputFile;
import dev.drey.jobs.files.InputFiles;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.topology.Count;
import dev.drey.jobs.topology.InferenceJob;
import dev.drey.jobs.topology.RecordPipeline;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A run on the Flink cluster that called our main method ({@code flink run}, the REST interface, an
 * application cluster). The cluster keeps state, restarts and restores; input and output paths must
 * mean the same on all its machines and here.
 */
public final class ClusterRun {
  private final RunRequest request;
  private final Function<LocalDate, RecordPipeline> pipeline;
  private final Progress progress;

  /**
   * @param request what to run, validated
   * @param pipeline what lies between source and sink, of a run that was first started on a day
   */
  public ClusterRun(
      RunRequest request, Function<LocalDate, RecordPipeline> pipeline, Progress progress) {
    this.request = request;
    this.pipeline = pipeline;
    this.progress = progress;
  }

  /** Whether a cluster called our main method, rather than a shell. */
  public static boolean isOnCluster() {
    return !(StreamExecutionEnvironment.getExecutionEnvironment()
        instanceof LocalStreamEnvironment);
  }

  /** Submits, waits for the end if the submission is attached, and joins the output. */
  public void run() throws Exception {
    EngineCheck.forCluster(request.settings(), progress);
    StreamExecutionEnvironment environment = InferenceJob.environment(request.settings());
    boolean restores = restores(environment);
    if (request.usesTopics()) {
      InferenceJob.topics(
          environment,
          request.settings(),
          pipeline.apply(EnginePipeline.today()),
          TopicRun.preflight(request, restores, null, progress));
      environment.execute(request.jobName());
    } else {
      runFiles(environment, restores);
    }
  }

  private void runFiles(StreamExecutionEnvironment environment, boolean restores) throws Exception {
    List<InputFile> inputs = InputFiles.resolve(FileSettings.INPUT.in(request.settings()));
    Path output = Path.of(FileSettings.OUTPUT.in(request.settings())).toAbsolutePath().normalize();
    PartsFolder parts = PartsFolder.in(output);
    parts.prepare(request.fresh(), restores);
    LocalDate started =
        restores
            ? SubmittedRun.started(parts).orElseGet(EnginePipeline::today)
            : EnginePipeline.today();
    SubmittedRun.of(request, inputs, started).write(parts);
    InferenceJob.files(
        environment, request.settings(), pipeline.apply(started), inputs, parts.path());
    JobExecutionResult result = environment.execute(request.jobName());
    if (!result.isJobExecutionResult()) {
      progress.note(
          "submitted detached: once the job has finished, drey join --output %s makes %s of its parts"
              .formatted(output, ResultJoin.RESULTS));
      return;
    }
    ResultJoin.Counts counts = ResultJoin.join(inputs, parts.path(), output);
    AtomicFile.write(
        output.resolve(FileRun.MANIFEST),
        (SummaryJson.write(summary(result, counts), request.settings()) + "\n").getBytes(UTF_8));
    parts.delete();
    progress.note(
        "%d records, %d results, %d dead letters in %s"
            .formatted(counts.records(), counts.results(), counts.deadLetters(), output));
  }

  /** What the job reported; its engines cannot be seen from here. */
  private RunSummary summary(JobExecutionResult result, ResultJoin.Counts joined) {
    Map<Count, Long> counts = new EnumMap<>(Count.class);
    for (Count count : Count.values()) {
      Long value = result.getAccumulatorResult(count.name());
      counts.put(count, value == null ? 0 : value);
    }
    JobCounts reported = JobCounts.of(counts, 0);
    Duration elapsed = Duration.ofMillis(result.getNetRuntime());
    return new RunSummary(
        request.command(),
        String.valueOf(request.model().getFileName()),
        "",
        joined.records(),
        reported,
        EngineTotals.NONE,
        elapsed,
        reported.tokens() / Math.max(1e-3, elapsed.toMillis() / 1e3),
        false);
  }

  private static boolean restores(StreamExecutionEnvironment environment) {
    return environment
        .getConfiguration()
        .getOptional(StateRecoveryOptions.SAVEPOINT_PATH)
        .isPresent();
  }
}
