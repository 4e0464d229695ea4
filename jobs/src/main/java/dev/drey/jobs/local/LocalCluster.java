package dev.drey.jobs.local;

import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.topology.Count;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.OptionalFailure;
import org.apache.flink.util.SerializedValue;
import org.jspecify.annotations.Nullable;

/**
 * A Flink cluster inside this process with its web interface, one slot per replica.
 *
 * <p>Ownership: the caller closes it; that cancels what still runs and leaves retained checkpoints.
 */
public final class LocalCluster implements AutoCloseable {
  private static final String PORTS = "8081-8199";
  private static final Duration CANCEL_DEADLINE = Duration.ofSeconds(20);

  private static final List<ConfigOption<?>> WHERE_CHECKPOINTS_ARE =
      List.of(
          CheckpointingOptions.CHECKPOINT_STORAGE,
          CheckpointingOptions.CHECKPOINTS_DIRECTORY,
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION);

  private final MiniCluster cluster;

  private LocalCluster(MiniCluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Starts a cluster.
   *
   * @param overrides Flink settings the user gave; they win over the ones chosen here
   * @param slots task slots
   * @throws Exception if it does not start
   */
  public static LocalCluster start(Configuration overrides, int slots) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
    configuration.set(RestOptions.ADDRESS, "127.0.0.1");
    configuration.set(RestOptions.BIND_PORT, PORTS);
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(16));
    configuration.setString("metrics.fetcher.update-interval", "500");
    configuration.setString("heartbeat.interval", "1000");
    configuration.setString("security.delegation.tokens.enabled", "false");
    String log = System.getProperty("drey.log");
    if (log != null) {
      configuration.setString("web.log.path", log);
    }
    configuration.setString("cluster.registration.initial-timeout", "500 ms");
    configuration.addAll(overrides);
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .build());
    try {
      cluster.start();
      return new LocalCluster(cluster);
    } catch (Exception e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * Refuses settings that would keep checkpoints where {@link #keepCheckpoints} does not, and where
   * the next process would not find them.
   *
   * @throws RefusedException naming all of them
   */
  public static void requireOwnCheckpoints(Configuration given) {
    List<String> problems = new ArrayList<>();
    for (ConfigOption<?> option : WHERE_CHECKPOINTS_ARE) {
      if (given.contains(option)) {
        problems.add(
            "%s: a job in the own process keeps its checkpoints in the folder of its run, where the same command finds them after the process was killed; remove it, and set %s to choose where that folder is"
                .formatted(option.key(), JobSettings.STATE_DIR.name()));
      }
    }
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
  }

  /**
   * Settings of a job that can be killed and go on: checkpoints kept in the run's folder.
   *
   * @param job receives the settings
   * @param run the run's folder
   * @param restarts restarts within this process before the job fails
   */
  public static void keepCheckpoints(Configuration job, RunFolder run, int restarts) {
    job.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    job.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, run.checkpoints().toUri().toString());
    job.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    job.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    job.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restarts);
    job.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofSeconds(1));
  }

  /** Where the web interface is. */
  public URI address() {
    try {
      return cluster.getRestAddress().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the cluster has no web interface", e.getCause());
    }
  }

  /**
   * Submits the environment's job.
   *
   * @param checkpoint directory of the checkpoint to go on from; null for none
   */
  public Run submit(StreamExecutionEnvironment environment, String name, @Nullable Path checkpoint)
      throws Exception {
    StreamGraph graph = environment.getStreamGraph();
    graph.setJobName(name);
    JobGraph job = graph.getJobGraph();
    if (checkpoint != null) {
      job.setSavepointRestoreSettings(
          SavepointRestoreSettings.forPath(
              checkpoint.toUri().toString(), false, RecoveryClaimMode.CLAIM));
    }
    JobID id = cluster.submitJob(job).get().getJobID();
    return new Run(id, cluster.requestJobResult(id));
  }

  /**
   * A submitted job.
   *
   * <p>Its result is asked for once: the cluster keeps every question until the job ends, which for
   * an unbounded one is never.
   */
  public final class Run {
    private final JobID id;
    private final CompletableFuture<JobResult> result;

    private Run(JobID id, CompletableFuture<JobResult> result) {
      this.id = id;
      this.result = result;
    }

    /** Its id. */
    public JobID id() {
      return id;
    }

    /** Waits for the end, at most {@code limit}; whether it came. */
    public boolean await(Duration limit) throws InterruptedException {
      try {
        result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (TimeoutException e) {
        return false;
      } catch (ExecutionException e) {
        throw new IllegalStateException("the job's end cannot be asked for", e.getCause());
      }
    }

    /** What the job has reported so far; the counts are about a second old. */
    public JobSnapshot snapshot() throws InterruptedException {
      try {
        AccessExecutionGraph graph = cluster.getExecutionGraph(id).get();
        Map<Count, Long> counts = new EnumMap<>(Count.class);
        graph
            .getAccumulatorsSerialized()
            .forEach((name, value) -> count(name, value).ifPresent(c -> counts.putAll(c)));
        return new JobSnapshot(counts, checkpoints(graph));
      } catch (ExecutionException e) {
        return new JobSnapshot(Map.of(), 0);
      }
    }

    private static Optional<Map<Count, Long>> count(
        String name, SerializedValue<OptionalFailure<Object>> value) {
      try {
        Object total = value.deserializeValue(LocalCluster.class.getClassLoader()).get();
        return total instanceof Long number
            ? Optional.of(Map.of(Count.valueOf(name), number))
            : Optional.empty();
      } catch (IOException | ClassNotFoundException | FlinkException e) {
        throw new IllegalStateException("accumulator " + name + " cannot be read", e);
      }
    }

    private static long checkpoints(AccessExecutionGraph graph) {
      CheckpointStatsSnapshot stats = graph.getCheckpointStatsSnapshot();
      return stats == null ? 0 : stats.getCounts().getNumberOfCompletedCheckpoints();
    }

    /**
     * The last word of an ended job.
     *
     * @throws JobFailedException if it did not finish
     */
    public JobSnapshot requireFinished() throws JobFailedException, InterruptedException {
      try {
        JobResult end = result.get();
        if (!end.isSuccess()) {
          throw new JobFailedException(
              end.getApplicationStatus().name(),
              end.getSerializedThrowable()
                  .<Throwable>map(t -> t.deserializeError(LocalCluster.class.getClassLoader()))
                  .orElse(null));
        }
        return snapshot();
      } catch (ExecutionException e) {
        throw new JobFailedException("UNKNOWN", e.getCause());
      }
    }

    /** Cancels the job and waits until it is gone or the deadline passes. */
    public void cancel() {
      try {
        cluster.cancelJob(id).get(CANCEL_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        result.get(CANCEL_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        // the process ends all the same, and its next start goes on from the last checkpoint
      }
    }
  }

  @Override
  public void close() {
    try {
      cluster.closeAsync().get(CANCEL_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the local cluster did not stop", e);
    }
  }
}
