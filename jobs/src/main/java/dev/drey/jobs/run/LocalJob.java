package dev.drey.jobs.run;

import dev.drey.jobs.local.JobFailedException;
import dev.drey.jobs.local.JobSnapshot;
import dev.drey.jobs.local.LocalCluster;
import dev.drey.jobs.local.RunFolder;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.topology.InferenceJob;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * One job in this process, from its newest checkpoint to its end.
 *
 * <p>When the process is asked to end, the job is cancelled first, so that its open transactions
 * are aborted at once instead of hiding results from readers until they time out.
 */
final class LocalJob {
  private static final Duration TICK = Duration.ofMillis(500);

  private final RunRequest request;
  private final RunFolder folder;
  private final EngineProbe probe;
  private final Progress progress;

  LocalJob(RunRequest request, RunFolder folder, EngineProbe probe, Progress progress) {
    this.request = request;
    this.folder = folder;
    this.probe = probe;
    this.progress = progress;
  }

  /**
   * How a job ended.
   *
   * @param counts what came out, earlier processes included
   * @param engines what the engines did
   * @param elapsed time of this process
   * @param tokensPerSecond tokens generated, or scored, per second by this process
   * @param resumed whether it went on from a checkpoint
   */
  record Ended(
      JobCounts counts,
      EngineTotals engines,
      Duration elapsed,
      double tokensPerSecond,
      boolean resumed) {
    private Ended holding(long bytes) {
      return new Ended(counts, engines.holding(bytes), elapsed, tokensPerSecond, resumed);
    }
  }

  /** Is told that a job is done. */
  @FunctionalInterface
  interface WhenFinished {
    /** Notes it, with what came out. */
    void finished(JobCounts counts) throws IOException;
  }

  /**
   * Runs the job.
   *
   * @param build adds the job to the environment
   * @param total records there are; negative while unknown
   * @param whenFinished is told as soon as the job is FINISHED and its checkpoints are gone, before
   *     anything is closed
   * @throws JobFailedException if it ends otherwise than FINISHED
   */
  Ended run(
      Consumer<StreamExecutionEnvironment> build, LongSupplier total, WhenFinished whenFinished)
      throws Exception {
    Configuration settings = new Configuration();
    LocalCluster.keepCheckpoints(settings, folder, JobSettings.RESTARTS.in(request.settings()));
    settings.addAll(request.settings());
    StreamExecutionEnvironment environment = InferenceJob.environment(settings);
    build.accept(environment);
    Optional<RunFolder.Checkpoint> checkpoint = folder.newestCheckpoint();
    checkpoint.ifPresent(c -> progress.note("going on from the checkpoint of " + c.taken()));
    Ended ended;
    try {
      ended = run(environment, settings, checkpoint, total, whenFinished);
    } catch (Exception | Error failure) {
      releaseAfter(failure);
      throw failure;
    }
    return ended.holding(probe.release());
  }

  /** What goes wrong with closing the engines must not hide why the job failed. */
  private void releaseAfter(Throwable failure) {
    try {
      probe.release();
    } catch (RuntimeException problem) {
      failure.addSuppressed(problem);
    }
  }

  private Ended run(
      StreamExecutionEnvironment environment,
      Configuration settings,
      Optional<RunFolder.Checkpoint> checkpoint,
      LongSupplier total,
      WhenFinished whenFinished)
      throws Exception {
    try (LocalCluster cluster =
        LocalCluster.start(
            InferenceJob.flinkSettings(settings), JobSettings.REPLICAS.in(settings))) {
      progress.note("web interface: " + cluster.address());
      LocalCluster.Run run =
          cluster.submit(
              environment,
              request.jobName(),
              checkpoint.map(RunFolder.Checkpoint::path).orElse(null));
      Thread onExit = new Thread(run::cancel, "cancel-on-exit");
      Runtime.getRuntime().addShutdownHook(onExit);
      try {
        Ended ended = new Follower(run, total, checkpoint.isPresent()).follow();
        whenFinished.finished(ended.counts());
        return ended;
      } finally {
        forget(onExit);
      }
    }
  }

  private static void forget(Thread onExit) {
    try {
      Runtime.getRuntime().removeShutdownHook(onExit);
    } catch (IllegalStateException e) {
      // the process is ending; the hook is at work
    }
  }

  /** Looks at a running job twice a second. */
  private final class Follower {
    private final LocalCluster.Run run;
    private final LongSupplier total;
    private final boolean resumed;
    private final long start = System.nanoTime();
    private JobCounts counts = JobCounts.NONE;
    private EngineTotals engines = EngineTotals.NONE;
    private long tokensBefore = -1;

    Follower(LocalCluster.Run run, LongSupplier total, boolean resumed) {
      this.run = run;
      this.total = total;
      this.resumed = resumed;
    }

    Ended follow() throws JobFailedException, InterruptedException {
      boolean ended = false;
      while (!ended) {
        ended = run.await(TICK);
        look(run.snapshot());
        progress.update(new Progress.Sample(counts, total.getAsLong(), engines, elapsed(), rate()));
      }
      progress.done();
      look(run.requireFinished());
      return new Ended(counts, engines, elapsed(), rate(), resumed);
    }

    private void look(JobSnapshot snapshot) {
      if (!snapshot.counts().isEmpty()) {
        counts = JobCounts.of(snapshot.counts(), snapshot.checkpoints());
        if (tokensBefore < 0) {
          tokensBefore = resumed ? counts.tokens() : 0;
        }
      }
      EngineTotals now = probe.read(run.id().toString());
      if (now.slots() > 0) {
        engines = now;
      }
    }

    private Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - start);
    }

    private double rate() {
      long here = counts.tokens() - Math.max(0, tokensBefore);
      return here / Math.max(1e-3, elapsed().toNanos() / 1e9);
    }
  }
}
