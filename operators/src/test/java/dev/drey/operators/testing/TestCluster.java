package dev.drey.operators.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointException;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecution;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Two TaskManagers with two slots each, started once for all tests of the module. */
@SuppressWarnings("try") // the cluster may be interrupted while it closes
public final class TestCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final MiniCluster cluster;

  private TestCluster() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(8));
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(2)
                .setNumSlotsPerTaskManager(2)
                .build());
    cluster.start();
  }

  /** Starts the cluster before the first test that asks for it. */
  public static final class Extension implements BeforeAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(TestCluster.class);

    @Override
    public void beforeAll(ExtensionContext context) {
      shared(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == TestCluster.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return shared(context);
    }

    private static TestCluster shared(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(NAMESPACE)
          .getOrComputeIfAbsent(
              TestCluster.class,
              key -> {
                try {
                  return new TestCluster();
                } catch (Exception e) {
                  throw new IllegalStateException("the cluster does not start", e);
                }
              },
              TestCluster.class);
    }
  }

  /** Submits a job. */
  public JobID submit(JobGraph job) throws Exception {
    return cluster.submitJob(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS).getJobID();
  }

  /** Submits a job that goes on from a savepoint. */
  public JobID submit(JobGraph job, String savepoint) throws Exception {
    job.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
    return submit(job);
  }

  /** Waits for the job's end; throws what made it fail. */
  public JobExecutionResult await(JobID job) throws Exception {
    return cluster
        .requestJobResult(job)
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .toJobExecutionResult(TestCluster.class.getClassLoader());
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

  /**
   * Tries to take a checkpoint. One fails for no fault of the job while a task is only just being
   * started or finished.
   */
  public boolean tryCheckpoint(JobID job) throws Exception {
    try {
      checkpoint(job);
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CheckpointException) {
        return false;
      }
      throw e;
    }
  }

  /** Stops the job with a savepoint and returns where that is. */
  public String stop(JobID job, String directory, boolean drain) throws Exception {
    return cluster
        .stopWithSavepoint(job, directory, drain, SavepointFormatType.CANONICAL)
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Asks for a drain and returns at once, with its savepoint to come. */
  public CompletableFuture<String> beginDrain(JobID job, String directory) {
    return cluster.stopWithSavepoint(job, directory, true, SavepointFormatType.CANONICAL);
  }

  /** Cancels the job and waits until it is gone. */
  public void cancel(JobID job) throws Exception {
    cluster.cancelJob(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    cluster.requestJobResult(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /**
   * How often each subtask of the task that holds an operator was restarted.
   *
   * @param operator part of the task's name
   */
  public List<Integer> attempts(JobID job, String operator) throws Exception {
    return subtasks(job, operator).stream().map(AccessExecution::getAttemptNumber).toList();
  }

  /** How many subtasks of the task that holds an operator are finished. */
  public long finished(JobID job, String operator) throws Exception {
    return subtasks(job, operator).stream()
        .filter(subtask -> subtask.getState() == ExecutionState.FINISHED)
        .count();
  }

  private List<AccessExecution> subtasks(JobID job, String operator) throws Exception {
    AccessExecutionGraph graph =
        cluster.getExecutionGraph(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    List<AccessExecution> subtasks = new ArrayList<>();
    for (AccessExecutionJobVertex vertex : graph.getVerticesTopologically()) {
      if (vertex.getName().contains(operator)) {
        for (AccessExecutionVertex subtask : vertex.getTaskVertices()) {
          subtasks.add(subtask.getCurrentExecutionAttempt());
        }
      }
    }
    return subtasks;
  }

  @Override
  public void close() throws Exception {
    cluster.close();
  }
}
