package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.KAFKA;
import static org.apache.flink.configuration.ConfigOptions.key;

import java.time.Duration;
import java.util.List;

/** Settings of topics in and out. */
public final class KafkaSettings {
  /** Of {@link #START}: where the group's committed offsets are. */
  public static final String COMMITTED = "committed";

  /** Everything after this prefix is passed to Kafka's clients as it is. */
  public static final String PROPERTIES_PREFIX = "drey.kafka.properties.";

  /** Brokers to ask first. */
  public static final Setting<String> BOOTSTRAP =
      Setting.of(
              KAFKA,
              key("drey.kafka.bootstrap-servers").stringType().noDefaultValue(),
              Check.any(),
              "Brokers to ask first, host:port separated by commas.")
          .flag("--kafka-bootstrap", "HOST:PORT,…");

  /** Where requests come from. */
  public static final Setting<String> INPUT_TOPIC =
      Setting.of(
              KAFKA,
              key("drey.kafka.input-topic").stringType().noDefaultValue(),
              Check.any(),
              "Topic the requests come from.")
          .flag("--input-topic", "TOPIC");

  /** Where results go. */
  public static final Setting<String> OUTPUT_TOPIC =
      Setting.of(
              KAFKA,
              key("drey.kafka.output-topic").stringType().noDefaultValue(),
              Check.any(),
              "Topic the results go to; readers need isolation.level=read_committed, for this topic"
                  + " and that of the dead letters.")
          .flag("--output-topic", "TOPIC");

  /** Where dead letters go. */
  public static final Setting<String> DEAD_LETTER_TOPIC =
      Setting.of(
              KAFKA,
              key("drey.kafka.dead-letter-topic").stringType().noDefaultValue(),
              Check.any(),
              "Topic the dead letters go to: original key, value and headers, and the reason in"
                  + " headers whose names start with __drey.errors.")
          .flag("--dead-letter-topic", "TOPIC");

  /** Encoding of the values. */
  public static final Setting<String> FORMAT =
      Setting.of(
              KAFKA,
              key("drey.kafka.format").stringType().defaultValue("avro"),
              Check.oneOf("avro", "json"),
              "Encoding of request and result values: json, one object as in files, or avro, Avro's"
                  + " single-object encoding (docs/records.md).")
          .flag("--format", "avro|json");

  /** Whether to stop at the end. */
  public static final Setting<Boolean> BOUNDED =
      Setting.of(
              KAFKA,
              key("drey.kafka.bounded").booleanType().defaultValue(false),
              Check.any(),
              "Stop at the offsets that are the topic's end when the job first starts.")
          .toggle("--bounded");

  /** Where to begin. */
  public static final Setting<String> START =
      Setting.of(
              KAFKA,
              key("drey.kafka.start").stringType().defaultValue(COMMITTED),
              Check.oneOf("earliest", "latest", COMMITTED),
              "Where a job without state begins: earliest, latest, or the group's committed"
                  + " offsets (earliest where there are none).")
          .flag("--start", "WHERE");

  /** Consumer group. */
  public static final Setting<String> GROUP =
      Setting.of(
              KAFKA,
              key("drey.kafka.group-id").stringType().noDefaultValue(),
              Check.any(),
              "Consumer group under which progress is shown; unset: drey- and the input topic.")
          .flag("--consumer-group", "ID");

  /** Whether missing topics are made. */
  public static final Setting<Boolean> CREATE_TOPICS =
      Setting.of(
              KAFKA,
              key("drey.kafka.create-topics").booleanType().defaultValue(false),
              Check.any(),
              "Create a missing output or dead-letter topic with the input topic's partitions and"
                  + " the broker's default replication.")
          .toggle("--create-topics");

  /** Time after which the broker aborts a transaction. */
  public static final Setting<Duration> TRANSACTION_TIMEOUT =
      Setting.of(
          KAFKA,
          key("drey.kafka.transaction-timeout").durationType().defaultValue(Duration.ofMinutes(10)),
          Check.positive(),
          "Time after which the broker aborts an open transaction: longer than the longest outage"
              + " plus the checkpoint interval, at most the broker's transaction.max.timeout.ms.");

  /** What the transactional ids begin with. */
  public static final Setting<String> TRANSACTION_PREFIX =
      Setting.of(
          KAFKA,
          key("drey.kafka.transactional-id-prefix").stringType().noDefaultValue(),
          Check.any(),
          "What this job's transactional ids begin with; no two jobs may share it. Unset: derived"
              + " from the topics.");

  /** How transactional ids are chosen. */
  public static final Setting<String> TRANSACTION_NAMING =
      Setting.of(
          KAFKA,
          key("drey.kafka.transaction-naming").stringType().defaultValue("incrementing"),
          Check.oneOf("pooling", "incrementing"),
          "How transactional ids are chosen: incrementing (a new one per checkpoint), or pooling"
              + " (few ids, for which the job must be allowed to list transactions; the connector"
              + " leaves a client open with every restart).");

  /** How old a checkpoint may be when a job resumes from it. */
  public static final Setting<Boolean> RESUME_EXPIRED =
      Setting.of(
              KAFKA,
              key("drey.kafka.resume-after-timeout").booleanType().defaultValue(false),
              Check.any(),
              "Resume from a checkpoint older than the transaction timeout although results of"
                  + " that checkpoint may have been aborted.")
          .toggle("--resume-after-timeout");

  /** Whether brokers and topics are checked before the start. */
  public static final Setting<Boolean> PREFLIGHT =
      Setting.of(
          KAFKA,
          key("drey.kafka.preflight").booleanType().defaultValue(true),
          Check.any(),
          "Check brokers, topics and transaction limits before the job starts; turn it off only"
              + " where the submitting machine cannot reach the brokers.");

  /** Deadline of the checks before the start. */
  public static final Setting<Duration> PREFLIGHT_TIMEOUT =
      Setting.of(
          KAFKA,
          key("drey.kafka.preflight-timeout").durationType().defaultValue(Duration.ofSeconds(15)),
          Check.positive(),
          "Longest wait for the brokers while they are checked before the start.");

  /** Client properties from a file. */
  public static final Setting<String> PROPERTIES_FILE =
      Setting.of(
              KAFKA,
              key("drey.kafka.properties-file").stringType().noDefaultValue(),
              Check.any(),
              "Java properties file with settings for Kafka's clients (TLS, SASL), so that secrets"
                  + " stay out of command lines.")
          .flag("--kafka-properties", "FILE");

  private KafkaSettings() {}

  static List<Setting<?>> all() {
    return List.of(
        BOOTSTRAP,
        INPUT_TOPIC,
        OUTPUT_TOPIC,
        DEAD_LETTER_TOPIC,
        FORMAT,
        BOUNDED,
        START,
        GROUP,
        CREATE_TOPICS,
        TRANSACTION_TIMEOUT,
        TRANSACTION_PREFIX,
        TRANSACTION_NAMING,
        RESUME_EXPIRED,
        PREFLIGHT,
        PREFLIGHT_TIMEOUT,
        PROPERTIES_FILE);
  }
}
