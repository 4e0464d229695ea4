package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.JOB;
import static org.apache.flink.configuration.ConfigOptions.key;

import java.time.Duration;
import java.util.List;

/** Settings of the topology and of how it treats records. */
public final class JobSettings {
  /** Key groups of all operators: the most replicas a job can ever be rescaled to. */
  public static final int MAX_PARALLELISM = 360;

  /** Name in the web interface. */
  public static final Setting<String> NAME =
      Setting.of(
              JOB,
              key("drey.job.name").stringType().noDefaultValue(),
              Check.any(),
              "Name of the job in the web interface; unset: the command and the model's name.")
          .flag("--name", "NAME");

  /** Seed behind the requests that bring none. */
  public static final Setting<Long> SEED =
      Setting.of(
              JOB,
              key("drey.job.seed").longType().defaultValue(0L),
              Check.any(),
              "Seed from which requests without a seed of their own get one, together with their"
                  + " id and content.")
          .flag("--seed", "N");

  /** Operators the layers are divided among. */
  public static final Setting<Integer> STAGES =
      Setting.of(
              JOB,
              key("drey.pipeline.stages").intType().defaultValue(4),
              Check.atLeast(1),
              "Operators the model's layers are divided among; at most one per layer.")
          .flag("--stages", "N");

  /** Independent pipelines. */
  public static final Setting<Integer> REPLICAS =
      Setting.of(
              JOB,
              key("drey.pipeline.replicas").intType().defaultValue(1),
              Check.between(1, MAX_PARALLELISM),
              "Independent pipelines, each with its own engine in its own task slot.")
          .flag("--replicas", "N");

  /** Time between checkpoints: Flink's own key, with our default. */
  public static final Setting<Duration> CHECKPOINT_INTERVAL =
      Setting.of(
              JOB,
              key("execution.checkpointing.interval")
                  .durationType()
                  .defaultValue(Duration.ofSeconds(10)),
              Check.positive(),
              "Time between checkpoints. Kafka readers see results when a checkpoint completes; a"
                  + " crash costs at most the tokens since the last one.")
          .flag("--checkpoint-interval", "TIME");

  /** Restarts before the job gives up. */
  public static final Setting<Integer> RESTARTS =
      Setting.of(
          JOB,
          key("drey.job.restarts").intType().defaultValue(10),
          Check.atLeast(0),
          "Restarts after failures before a job in the own process gives up; a cluster's own"
              + " restart-strategy.* settings win.");

  /** Cap on generated tokens. */
  public static final Setting<Integer> MAX_TOKENS =
      Setting.of(
              JOB,
              key("drey.request.max-tokens").intType().defaultValue(4096),
              Check.atLeast(1),
              "Most tokens one request may ask for, and what it gets when it asks for none; the"
                  + " model's context caps it further.")
          .flag("--max-tokens", "N");

  /** Cap on one record. */
  public static final Setting<Integer> MAX_RECORD_BYTES =
      Setting.of(
          JOB,
          key("drey.request.max-bytes").intType().defaultValue(1 << 20),
          Check.between(64, 64 << 20),
          "Most bytes of one request; a longer one becomes a dead letter.");

  /** Circuit breaker: share of bad records. */
  public static final Setting<Double> ERROR_SHARE =
      Setting.of(
          JOB,
          key("drey.errors.max-share").doubleType().defaultValue(1.0),
          Check.between(0, 1),
          "Share of dead letters among the last drey.errors.window records of a replica above"
              + " which the job stops instead of draining its input into dead letters; 1 never"
              + " stops.");

  /** Circuit breaker: records looked at. */
  public static final Setting<Integer> ERROR_WINDOW =
      Setting.of(
          JOB,
          key("drey.errors.window").intType().defaultValue(1000),
          Check.atLeast(1),
          "Records over which drey.errors.max-share is taken.");

  /** Where an in-process job keeps its checkpoints. */
  public static final Setting<String> STATE_DIR =
      Setting.of(
              JOB,
              key("drey.job.state-dir").stringType().noDefaultValue(),
              Check.any(),
              "Directory for checkpoints of a job in the own process; unset: a hidden folder in"
                  + " the output directory, or for topics the user's state directory.")
          .flag("--state-dir", "DIR");

  private JobSettings() {}

  static List<Setting<?>> all() {
    return List.of(
        NAME,
        SEED,
        STAGES,
        REPLICAS,
        CHECKPOINT_INTERVAL,
        RESTARTS,
        MAX_TOKENS,
        MAX_RECORD_BYTES,
        ERROR_SHARE,
        ERROR_WINDOW,
        STATE_DIR);
  }
}
