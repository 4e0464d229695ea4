package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.JOB;
import static org.apache.flink.configuration.ConfigOptions.key;

import dev.drey.operators.pipeline.BreakerLimits;
import dev.drey.operators.pipeline.PipelineOptions;
import dev.drey.operators.pipeline.RequestLimits;
import dev.drey.operators.pipeline.RequestTime;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.schemas.format.WireFormat;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ReadableConfig;

/** Settings of the topology and of how it treats records. */
public final class JobSettings {
  private static final RequestLimits LIMITS = RequestLimits.DEFAULT;

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
              "Operators the model's layers are divided among; more than there are layers do nothing.")
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
              "Time between checkpoints. Kafka readers see results when a checkpoint completes (with"
                  + " isolation.level=read_committed); a crash costs at most the tokens since the"
                  + " last one.")
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
              key("drey.request.max-tokens").intType().defaultValue(LIMITS.maxTokens()),
              Check.atLeast(1),
              "Most tokens one request may ask for; the model's context caps it further.")
          .flag("--max-tokens", "N");

  /** Tokens for requests that name no number. */
  public static final Setting<Integer> DEFAULT_MAX_TOKENS =
      Setting.of(
          JOB,
          key("drey.request.default-max-tokens").intType().noDefaultValue(),
          Check.atLeast(1),
          "Tokens generated for a request that does not say max_tokens; unset: max_new_tokens of"
              + " the model's generation_config.json, else 16.");

  /** What chat templates are told. */
  public static final Setting<String> DATE =
      Setting.of(
          JOB,
          key("drey.request.date").stringType().noDefaultValue(),
          Check.dateTime(),
          "Date, or date and time, told to chat templates that ask for it, as 2026-11-22 or"
              + " 2026-11-22T09:30; unset: the Kafka record's own time (UTC), for files the day on"
              + " which the run was first started.");

  /** Cap on one record. */
  public static final Setting<Integer> MAX_RECORD_BYTES =
      Setting.of(
          JOB,
          key("drey.request.max-bytes").intType().defaultValue(LIMITS.maxRecordBytes()),
          Check.between(64, 1 << 29),
          "Most bytes of one request; a longer one becomes a dead letter.");

  /** Cap on one prompt. */
  public static final Setting<Integer> MAX_PROMPT_BYTES =
      Setting.of(
          JOB,
          key("drey.request.max-prompt-bytes").intType().defaultValue(LIMITS.maxPromptBytes()),
          Check.atLeast(1),
          "Most bytes of a request's text in UTF-8.");

  /** Other names of the model. */
  public static final Setting<List<String>> MODEL_NAMES =
      Setting.of(
          JOB,
          key("drey.request.model-names").stringType().asList().noDefaultValue(),
          Check.any(),
          "Names requests may give the model, besides its directory's name; separated by"
              + " semicolons.");

  /** Whether state of another model is taken. */
  public static final Setting<Boolean> ALLOW_STATE_MISMATCH =
      Setting.of(
          JOB,
          key("drey.job.allow-state-mismatch").booleanType().defaultValue(false),
          Check.any(),
          "Take state made with another model, compute type or machine type all the same; results"
              + " are then neither the old nor the new ones. Requests that settings or files have"
              + " made others start again.");

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

  /** Circuit breaker: number of bad records. */
  public static final Setting<Long> ERROR_COUNT =
      Setting.of(
          JOB,
          key("drey.errors.max-count").longType().defaultValue(0L),
          Check.atLeast(0),
          "Dead letters of a replica since its start above which the job stops; 0 never stops.");

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
        STATE_DIR,
        ALLOW_STATE_MISMATCH,
        MAX_TOKENS,
        DEFAULT_MAX_TOKENS,
        DATE,
        MAX_RECORD_BYTES,
        MAX_PROMPT_BYTES,
        MODEL_NAMES,
        ERROR_SHARE,
        ERROR_WINDOW,
        ERROR_COUNT);
  }

  /**
   * How replicas are put together; the configuration must have passed the validator.
   *
   * @param engines where they get their engine
   * @param format how requests are written
   * @param signalEndAfterRestore whether the source needs help to end after a restore
   * @param started the day, in UTC, on which the run was first started
   */
  public static PipelineOptions pipeline(
      ReadableConfig c,
      SlotEngines engines,
      WireFormat format,
      boolean signalEndAfterRestore,
      LocalDate started) {
    RequestLimits limits =
        new RequestLimits(
            MAX_RECORD_BYTES.in(c),
            MAX_PROMPT_BYTES.in(c),
            DEFAULT_MAX_TOKENS.find(c).orElse(RequestLimits.MODEL_DEFAULT),
            MAX_TOKENS.in(c),
            LIMITS.maxStops(),
            LIMITS.maxStopBytes());
    return new PipelineOptions(
        engines,
        STAGES.in(c),
        !EngineSettings.PREDICTOR.in(c).equals("none"),
        format,
        limits,
        new BreakerLimits(ERROR_WINDOW.in(c), ERROR_SHARE.in(c), ERROR_COUNT.in(c)),
        MODEL_NAMES.find(c).map(Set::copyOf).orElse(Set.of()),
        SEED.in(c),
        new RequestTime(
            DATE.find(c).map(Check::parseDateTime).orElse(null), started.atStartOfDay()),
        ALLOW_STATE_MISMATCH.in(c),
        signalEndAfterRestore);
  }
}
