package dev.drey.jobs.topology;

import dev.drey.jobs.files.InputFile;
import dev.drey.jobs.files.LineSource;
import dev.drey.jobs.files.PartFiles;
import dev.drey.jobs.kafka.KafkaOutcomes;
import dev.drey.jobs.kafka.KafkaRequests;
import dev.drey.jobs.kafka.RecordLimits;
import dev.drey.jobs.options.FileSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.Settings;
import dev.drey.operators.records.Outcome;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Builds the job: source, replicas, counting, one sink for results and dead letters. */
public final class InferenceJob {
  private static final int TOLERATED_CHECKPOINT_FAILURES = 3;

  private InferenceJob() {}

  /**
   * An environment with the job's layout: the cluster's if this runs in one, else a local one.
   *
   * @param settings the job's settings, already validated; those that are Flink's are passed on
   */
  public static StreamExecutionEnvironment environment(Configuration settings) {
    Configuration flink = new Configuration();
    flink.addAll(flinkSettings(settings));
    flink.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL, JobSettings.CHECKPOINT_INTERVAL.in(settings));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(flink);
    // not before, as it would win over what the cluster's own configuration says
    if (environment
        .getConfiguration()
        .getOptional(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER)
        .isEmpty()) {
      environment
          .getCheckpointConfig()
          .setTolerableCheckpointFailureNumber(TOLERATED_CHECKPOINT_FAILURES);
    }
    environment.setParallelism(JobSettings.REPLICAS.in(settings));
    environment.setMaxParallelism(JobSettings.MAX_PARALLELISM);
    return environment;
  }

  /** Those of the settings that are Flink's own. */
  public static Configuration flinkSettings(Configuration settings) {
    Configuration flink = new Configuration();
    settings
        .toMap()
        .forEach(
            (key, value) -> {
              if (!key.startsWith(Settings.PREFIX)) {
                flink.setString(key, value);
              }
            });
    return flink;
  }

  /**
   * From files to part files.
   *
   * @param inputs what to read
   * @param parts directory of this run's parts
   */
  public static void files(
      StreamExecutionEnvironment environment,
      Configuration settings,
      RecordPipeline pipeline,
      List<InputFile> inputs,
      Path parts) {
    LineSource source =
        new LineSource(
            inputs,
            FileSettings.LINES_PER_SPLIT.in(settings),
            FileSettings.MAX_LINE_BYTES.in(settings));
    finish(pipeline.attach(environment, source), PartFiles.sink(parts));
  }

  /**
   * From topic to topics.
   *
   * @param limits what the output topics take
   */
  public static void topics(
      StreamExecutionEnvironment environment,
      Configuration settings,
      RecordPipeline pipeline,
      RecordLimits limits) {
    finish(
        pipeline.attach(environment, KafkaRequests.source(settings)),
        KafkaOutcomes.sink(settings, limits));
  }

  private static void finish(DataStream<Outcome> outcomes, Sink<Outcome> sink) {
    outcomes
        .map(new OutcomeCounter(), Outcome.TYPE)
        .name("outcomes")
        .uid("outcomes")
        .sinkTo(sink)
        .name("sink")
        .uid("sink");
  }
}
