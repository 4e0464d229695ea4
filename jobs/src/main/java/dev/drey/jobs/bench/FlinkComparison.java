package dev.drey.jobs.bench;

import dev.drey.jobs.bench.FlinkReport.Side;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.run.EngineProbe;
import dev.drey.jobs.run.EngineTotals;
import dev.drey.jobs.run.FileRun;
import dev.drey.jobs.run.ModelIdentity;
import dev.drey.jobs.run.Progress;
import dev.drey.jobs.run.RunRequest;
import dev.drey.jobs.run.SlotProbe;
import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineStats;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.bench.BenchOptions;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.slot.SlotRuntimes;
import dev.drey.schemas.format.WireFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.configuration.Configuration;

/**
 * Runs the same records through the bare engine and through the Flink job, in turn, each time with
 * a fresh engine of the same settings.
 *
 * <p><b>What is timed.</b> From the step that ends the {@link WarmUp} to the end of the last, on
 * both sides: not opening the engine, not starting a cluster, not committing files. What Flink
 * costs while it runs lies between: taking records in, handing steps through the chain,
 * checkpoints, outcomes, the prefetch operator.
 */
public final class FlinkComparison {
  /** Pairs that are run first and not counted: the compiler is busy until about then. */
  private static final int FIRST_PAIRS = 3;

  private final BenchOptions options;
  private final int records;
  private final Configuration settings;
  private final Path workplace;
  private final Consumer<String> progress;
  private int runs;

  /**
   * @param settings of engine and job, as a user would give them
   * @param records records per run
   * @param workplace an empty directory
   */
  public FlinkComparison(
      BenchOptions options,
      int records,
      Configuration settings,
      Path workplace,
      Consumer<String> progress) {
    this.options = options;
    this.records = records;
    this.settings = settings;
    this.workplace = workplace;
    this.progress = progress;
  }

  /** Runs all pairs, some before them that are not counted, and the job once more to profile it. */
  public FlinkReport run() throws Exception {
    FlinkWork work = FlinkWork.of(options, records, vocabulary());
    work.write(workplace.resolve("input.jsonl"));
    List<Side> bare = new ArrayList<>();
    List<Side> flink = new ArrayList<>();
    for (int pair = 1 - FIRST_PAIRS; pair <= options.rounds(); pair++) {
      boolean bareFirst = pair % 2 == 0;
      Side first = bareFirst ? bare(work) : flink(work);
      Side second = bareFirst ? flink(work) : bare(work);
      Side bareSide = bareFirst ? first : second;
      Side flinkSide = bareFirst ? second : first;
      progress.accept(
          String.format(
              Locale.ROOT,
              "%s: bare %.1f, Flink %.1f tokens/s",
              pair < 1 ? "not counted" : "pair " + pair + "/" + options.rounds(),
              bareSide.tokensPerSecond(),
              flinkSide.tokensPerSecond()));
      if (pair > 0) {
        bare.add(bareSide);
        flink.add(flinkSide);
      }
    }
    progress.accept("one more run to look at the task's thread");
    return FlinkReport.of(
        EngineSettings.EXPERT_MEMORY.in(settings), records, bare, flink, profile(work));
  }

  private int vocabulary() throws Exception {
    try (var checkpoint = dev.drey.runtime.checkpoint.Checkpoint.open(options.model())) {
      return checkpoint.config().vocabulary();
    }
  }

  private Side bare(FlinkWork work) throws Exception {
    try (MoeEngine engine = MoeEngine.open(EngineSettings.engine(settings));
        WarmUp warmUp = new WarmUp(work.tokens(), () -> List.of(engine))) {
      Map<String, List<Integer>> ids = new HashMap<>();
      List<SequenceRequest> requests = work.requests();
      new DecodeLoop(engine)
          .run(
              requests.stream().map(Sequence::fresh).iterator(),
              done ->
                  ids.put(done.request().id(), Arrays.stream(done.outputIds()).boxed().toList()));
      return side(
          warmUp.end(),
          engine.stats(),
          requests.stream().map(request -> ids.get(request.id())).toList());
    }
  }

  private static Side side(WarmUp.Mark warm, EngineStats end, List<List<Integer>> ids) {
    double nanos = end.spanNanos() - warm.spanNanos();
    return new Side(
        end.steps(),
        end.rows(),
        (end.rows() - warm.rows()) * 1e9 / nanos,
        1 - (end.stepNanos() - warm.stepNanos()) / nanos,
        ids);
  }

  private Side flink(FlinkWork work) throws Exception {
    Path output = workplace.resolve("run-" + runs++);
    LastLook look = new LastLook();
    Configuration run = new Configuration(settings);
    run.set(FileSettings.INPUT.option(), List.of(workplace.resolve("input.jsonl").toString()));
    run.set(FileSettings.OUTPUT.option(), output.toString());
    run.set(JobSettings.RESTARTS.option(), 0);
    RunRequest request = new RunRequest("bench", run, true);
    request.validate();
    WarmUp.Mark warm;
    try (WarmUp warmUp = new WarmUp(work.tokens(), () -> SlotRuntimes.open().values())) {
      new FileRun(
              request,
              ModelIdentity.read(options.model()),
              started -> EnginePipeline.of(run, WireFormat.JSON, false, started),
              look,
              Progress.SILENT)
          .run();
      warm = warmUp.end();
    }
    return side(warm, look.stats(), FlinkWork.results(output.resolve(ResultJoin.RESULTS)));
  }

  private TaskProfile profile(FlinkWork work) throws Exception {
    try (TaskSampler sampler = new TaskSampler(FlinkComparison::isStepping)) {
      return sampler.finish(flink(work).steps());
    }
  }

  private static boolean isStepping() {
    return SlotRuntimes.open().values().stream().anyMatch(engine -> engine.currentStep() >= 0);
  }

  /** Reads the job's engine once more before it is closed. */
  private static final class LastLook implements EngineProbe {
    private final SlotProbe slots = new SlotProbe();
    private final List<EngineStats> seen = new ArrayList<>();

    @Override
    public EngineTotals read(String job) {
      return slots.read(job);
    }

    @Override
    public long release() {
      SlotRuntimes.open().values().forEach(engine -> seen.add(engine.stats()));
      return slots.release();
    }

    EngineStats stats() {
      if (seen.size() != 1) {
        throw new IllegalStateException(
            "expected one engine at the end of the job, found " + seen.size());
      }
      return seen.get(0);
    }
  }
}
