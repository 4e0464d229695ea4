package dev.drey.it.testing;

import dev.drey.jobs.files.InputFile;
import dev.drey.jobs.files.InputFiles;
import dev.drey.jobs.files.ResultJoin;
import dev.drey.jobs.kafka.RecordLimits;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.options.Validator;
import dev.drey.jobs.run.EnginePipeline;
import dev.drey.jobs.topology.InferenceJob;
import dev.drey.runtime.EngineConfig;
import dev.drey.schemas.format.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Builds jobs by their settings, the ones the command line would set. */
public final class SampleJob {
  private final Configuration settings = new Configuration();

  private SampleJob() {}

  /** The sample model on the processor, two threads. */
  public static SampleJob onSampleModel() {
    return on(Artifacts.sampleModel()).with("drey.device", "cpu").with("drey.compute.threads", 2);
  }

  /** Another model with default settings. */
  public static SampleJob on(Path model) {
    return new SampleJob()
        .with("drey.model.path", model)
        .with("restart-strategy.type", "none")
        .with("execution.checkpointing.interval", "1 h");
  }

  /** Sets a key. */
  public SampleJob with(String key, Object value) {
    settings.setString(key, value.toString());
    return this;
  }

  /** Checkpoints in a directory, so often, kept at the end. */
  public SampleJob checkpoints(Path directory, String interval) {
    return with("execution.checkpointing.storage", "filesystem")
        .with("execution.checkpointing.dir", directory.toUri())
        .with("execution.checkpointing.interval", interval)
        .with("drey.schedule.step-time", "50 ms")
        .with(
            "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
  }

  /** Restarts after failures, at once. */
  public SampleJob restarts(int attempts) {
    return with("restart-strategy.type", "fixed-delay")
        .with("restart-strategy.fixed-delay.attempts", attempts)
        .with("restart-strategy.fixed-delay.delay", "10 ms");
  }

  /** Topics of a broker, JSON. */
  public SampleJob topics(String bootstrap, String input, String output, String dead) {
    return with("drey.kafka.bootstrap-servers", bootstrap)
        .with("drey.kafka.input-topic", input)
        .with("drey.kafka.output-topic", output)
        .with("drey.kafka.dead-letter-topic", dead)
        .with("drey.kafka.format", "json");
  }

  /** The settings. */
  public Configuration settings() {
    return new Configuration(settings);
  }

  /** How its engines are opened. */
  public EngineConfig engine() {
    return EngineSettings.engine(settings);
  }

  /** A job from a file to part files. */
  public JobGraph fromFile(Path input, Path parts) throws IOException {
    Validator.check(settings, List.of());
    Files.createDirectories(parts);
    StreamExecutionEnvironment environment = InferenceJob.environment(settings);
    InferenceJob.files(
        environment,
        settings,
        EnginePipeline.of(settings, WireFormat.JSON, false),
        inputs(input),
        parts);
    return environment.getStreamGraph().getJobGraph();
  }

  private static List<InputFile> inputs(Path input) {
    return InputFiles.resolve(List.of(input.toString()));
  }

  /** Joins the parts of a finished job; fails unless each line has exactly one outcome. */
  public static ResultFile join(Path input, Path parts) throws IOException {
    Path target = Files.createDirectories(parts.resolveSibling(parts.getFileName() + "-joined"));
    ResultJoin.join(inputs(input), parts, target);
    return ResultFile.read(target);
  }

  /** A job from topic to topics. */
  public JobGraph fromTopic() {
    Validator.check(settings, List.of());
    StreamExecutionEnvironment environment = InferenceJob.environment(settings);
    InferenceJob.topics(
        environment,
        settings,
        EnginePipeline.of(settings, WireFormat.named(KafkaSettings.FORMAT.in(settings)), true),
        RecordLimits.DEFAULT);
    return environment.getStreamGraph().getJobGraph();
  }
}
