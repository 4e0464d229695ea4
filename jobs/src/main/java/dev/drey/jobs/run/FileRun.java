package dev.drey.jobs.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.files.InputFile;
import dev.drey.jobs.files.InputFiles;
import dev.drey.jobs.files.LineCount;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.local.LocalCluster;
import dev.drey.jobs.local.RunFolder;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.topology.InferenceJob;
import dev.drey.jobs.topology.RecordPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * From files to files in this process.
 *
 * <p>Failure: until the joined files appear, everything lies in the run's folder beside them, and
 * the same command goes on from there: from the newest checkpoint, or with the join if the job was
 * done already.
 */
public final class FileRun {
  /** Name of the file that says what a run did. */
  static final String MANIFEST = "manifest.json";

  /** Number of records until they are counted. */
  private static final long UNKNOWN = -1;

  private final RunRequest request;
  private final ModelIdentity model;
  private final Function<LocalDate, RecordPipeline> pipeline;
  private final EngineProbe probe;
  private final Progress progress;

  /**
   * @param request what to run, validated
   * @param model which model that is
   * @param pipeline what lies between source and sink, of a run that was first started on a day
   */
  public FileRun(
      RunRequest request,
      ModelIdentity model,
      Function<LocalDate, RecordPipeline> pipeline,
      EngineProbe probe,
      Progress progress) {
    this.request = request;
    this.model = model;
    this.pipeline = pipeline;
    this.probe = probe;
    this.progress = progress;
  }

  /**
   * Runs to the end.
   *
   * @throws RefusedException if input or output are not as they must be
   */
  public RunSummary run() throws Exception {
    LocalCluster.requireOwnCheckpoints(request.settings());
    List<InputFile> inputs = InputFiles.resolve(FileSettings.INPUT.in(request.settings()));
    Path output = output();
    Path parent = JobSettings.STATE_DIR.find(request.settings()).map(Path::of).orElse(output);
    Files.createDirectories(parent);
    try (RunFolder folder = RunFolder.open(parent, meaning(inputs, output), request.fresh())) {
      Optional<String> done = folder.finished();
      RunSummary summary = done.isPresent() ? resumedJoin(done.get()) : runJob(folder, inputs);
      ResultJoin.Counts joined = ResultJoin.join(inputs, folder.parts(), output);
      summary = summary.joined(joined.records(), joined.results(), joined.deadLetters());
      AtomicFile.write(
          output.resolve(MANIFEST),
          (SummaryJson.write(summary, request.settings()) + "\n").getBytes(UTF_8));
      folder.delete();
      return summary;
    }
  }

  private RunSummary runJob(RunFolder folder, List<InputFile> inputs) throws Exception {
    if (folder.newestCheckpoint().isEmpty() && folder.clearParts()) {
      progress.note("an earlier process has left outcomes but no checkpoint: starting over");
    }
    RecordPipeline between = pipeline.apply(folder.started(EnginePipeline.today()));
    // only the display wants it: a start takes no longer because there is more to do
    CompletableFuture<Long> total = CompletableFuture.supplyAsync(() -> count(inputs));
    LocalJob.Ended ended =
        new LocalJob(request, folder, probe, progress)
            .run(
                environment ->
                    InferenceJob.files(
                        environment, request.settings(), between, inputs, folder.parts()),
                () -> total.getNow(UNKNOWN),
                counts -> folder.markFinished(counts.line()));
    return new RunSummary(
        request.command(),
        model.name(),
        model.digest(),
        UNKNOWN,
        ended.counts(),
        ended.engines(),
        ended.elapsed(),
        ended.tokensPerSecond(),
        ended.resumed());
  }

  private static long count(List<InputFile> inputs) {
    try {
      return LineCount.of(inputs);
    } catch (IOException unreadable) {
      return UNKNOWN; // the source meets it too, and fails the job
    }
  }

  private RunSummary resumedJoin(String counts) {
    progress.note("the job was done already; joining its parts");
    return new RunSummary(
        request.command(),
        model.name(),
        model.digest(),
        UNKNOWN,
        JobCounts.parse(counts),
        EngineTotals.NONE,
        Duration.ZERO,
        0,
        true);
  }

  private Path output() throws IOException {
    Path output = Path.of(FileSettings.OUTPUT.in(request.settings())).toAbsolutePath().normalize();
    if (Files.exists(output) && !Files.isDirectory(output)) {
      throw new RefusedException(
          "%s: %s is a file; it must be a directory, or not there yet"
              .formatted(FileSettings.OUTPUT.name(), output));
    }
    try {
      Files.createDirectories(output);
    } catch (IOException e) {
      throw new RefusedException(
          "%s: %s cannot be created: %s"
              .formatted(FileSettings.OUTPUT.name(), output, e.getMessage()),
          e);
    }
    return output;
  }

  private List<String> meaning(List<InputFile> inputs, Path output) {
    List<String> lines = new ArrayList<>(request.meaning());
    lines.add("model " + model.digest());
    lines.add("output " + output);
    for (InputFile input : inputs) {
      lines.add(
          "input %s %s %d bytes written at %d"
              .formatted(input.name(), input.path(), input.length(), input.modifiedMillis()));
    }
    return lines;
  }
}
