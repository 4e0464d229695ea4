package dev.drey.operators.testing;

import dev.drey.operators.pipeline.PipelineOptions;
import dev.drey.operators.pipeline.ReplicaPipeline;
import dev.drey.operators.records.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;

/** Builds the jobs of the tests: a source, the pipeline, a committing sink in the same chain. */
public record ToyJob(
    ToyWorld world,
    ListSource source,
    PipelineOptions options,
    int replicas,
    Duration checkpointInterval,
    Path directory) {
  private static final int MAX_PARALLELISM = 12;
  private static final Duration RARELY = Duration.ofHours(1);

  /** One replica, default options, checkpoints only when asked for. */
  public static ToyJob of(ToyWorld world, ListSource source, Path directory) {
    PipelineOptions options =
        PipelineOptions.builder(world.engines()).signalEndAfterRestore(true).build();
    return new ToyJob(world, source, options, 1, RARELY, directory);
  }

  /** With so many replicas. */
  public ToyJob replicas(int count) {
    return new ToyJob(world, source, options, count, checkpointInterval, directory);
  }

  /** With periodic checkpoints. */
  public ToyJob checkpoints(Duration interval) {
    return new ToyJob(world, source, options, replicas, interval, directory);
  }

  /** With other options. */
  public ToyJob options(UnaryOperator<PipelineOptions.Builder> change) {
    PipelineOptions changed = change.apply(options.toBuilder()).build();
    return new ToyJob(world, source, changed, replicas, checkpointInterval, directory);
  }

  /** The job. */
  public JobGraph graph() {
    return operators().getJobGraph();
  }

  /** The job before its operators are chained. */
  public StreamGraph operators() {
    Configuration configuration = new Configuration();
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
    configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    configuration.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory.resolve("checkpoints").toUri() + "");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(20));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.setParallelism(replicas);
    environment.setMaxParallelism(MAX_PARALLELISM);
    DataStream<Outcome> outcomes = ReplicaPipeline.attach(environment, source, options);
    outcomes.sinkTo(new CommittingSink(world)).name("outcomes").uid("outcomes");
    return environment.getStreamGraph();
  }

  /** Where savepoints go. */
  public String savepoints() {
    return directory.resolve("savepoints").toUri().toString();
  }
}
