package dev.drey.it.testing;

import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.slot.SlotKey;
import dev.drey.runtime.slot.SlotRuntimes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/** A Flink cluster in this process. Closing it closes the engines that linger as well. */
public final class InProcessCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final MiniCluster cluster;

  private InProcessCluster(MiniCluster cluster) {
    this.cluster = cluster;
  }

  /** Starts one TaskManager with so many slots. */
  public static InProcessCluster start(int slots) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(8));
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .build());
    cluster.start();
    return new InProcessCluster(cluster);
  }

  /** Submits a job. */
  public JobID submit(JobGraph job) throws Exception {
    return cluster.submitJob(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS).getJobID();
  }

  /** Submits a job that goes on from a savepoint; the savepoint stays. */
  public JobID submit(JobGraph job, Path savepoint) throws Exception {
    job.setSavepointRestoreSettings(
        SavepointRestoreSettings.forPath(
            savepoint.toUri().toString(), false, RecoveryClaimMode.NO_CLAIM));
    return submit(job);
  }

  /** Waits for the job to finish; throws what made it fail. */
  public JobExecutionResult await(JobID job) throws Exception {
    return cluster
        .requestJobResult(job)
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .toJobExecutionResult(InProcessCluster.class.getClassLoader());
  }

  /** Runs a job from submission to its end. */
  public void run(JobGraph job) throws Exception {
    await(submit(job));
  }

  /** Waits for the job's end, whatever it is. */
  public JobStatus awaitEnd(JobID job) throws Exception {
    cluster.requestJobResult(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return cluster.getJobStatus(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Takes a checkpoint and waits until it is complete. */
  public void checkpoint(JobID job) throws Exception {
    cluster
        .triggerCheckpoint(job, CheckpointType.CONFIGURED)
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Stops the job with a savepoint; returns where that is. */
  public Path stop(JobID job, Path directory, boolean drain) throws Exception {
    String location =
        cluster
            .stopWithSavepoint(
                job, directory.toUri().toString(), drain, SavepointFormatType.CANONICAL)
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return Path.of(java.net.URI.create(location));
  }

  /** Cancels the job and waits until it is gone. */
  public void cancel(JobID job) throws Exception {
    cluster.cancelJob(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    cluster.requestJobResult(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** The job's graph with its attempts and checkpoints. */
  public AccessExecutionGraph graph(JobID job) throws InterruptedException, ExecutionException {
    return cluster.getExecutionGraph(job).get();
  }

  /** The one engine open in this process. */
  public MoeEngine onlyEngine() {
    Map<SlotKey, MoeEngine> open = SlotRuntimes.open();
    if (open.size() != 1) {
      throw new AssertionError("expected one open engine, found " + open.keySet());
    }
    return open.values().iterator().next();
  }

  @Override
  public void close() throws Exception {
    cluster.close();
    SlotRuntimes.closeIdle();
  }
}
