package dev.drey.jobs.kafka;

import dev.drey.jobs.options.KafkaSettings;
import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * Which brokers, topics and client properties a job uses, taken from its settings. Properties come
 * from the settings and the operator's file only, never from records.
 */
public final class KafkaClients {
  /** Properties the job decides itself, because its guarantees hang on them. */
  private static final Set<String> OWN =
      Set.of(
          "bootstrap.servers",
          "group.id",
          "isolation.level",
          "enable.auto.commit",
          "enable.idempotence",
          "acks",
          "transactional.id",
          "transaction.timeout.ms",
          "key.serializer",
          "value.serializer",
          "key.deserializer",
          "value.deserializer");

  private final Configuration settings;
  private final Properties common;

  /**
   * Reads the settings.
   *
   * @throws RefusedException if the properties file cannot be read or a property is the job's own
   */
  public KafkaClients(Configuration settings) {
    this.settings = settings;
    this.common = readProperties(settings);
  }

  /** Brokers to ask first. */
  public String bootstrap() {
    return KafkaSettings.BOOTSTRAP.in(settings);
  }

  /** Topic of the requests. */
  public String inputTopic() {
    return KafkaSettings.INPUT_TOPIC.in(settings);
  }

  /** Topic of the results. */
  public String outputTopic() {
    return KafkaSettings.OUTPUT_TOPIC.in(settings);
  }

  /** Topic of the dead letters. */
  public String deadLetterTopic() {
    return KafkaSettings.DEAD_LETTER_TOPIC.in(settings);
  }

  /** Consumer group. */
  public String group() {
    return KafkaSettings.GROUP.find(settings).orElseGet(() -> "drey-" + inputTopic());
  }

  /** What the transactional ids begin with. */
  public String transactionPrefix() {
    return KafkaSettings.TRANSACTION_PREFIX
        .find(settings)
        .orElseGet(() -> "drey-%s-%s".formatted(inputTopic(), outputTopic()));
  }

  /** Time after which the broker aborts an open transaction. */
  public Duration transactionTimeout() {
    return KafkaSettings.TRANSACTION_TIMEOUT.in(settings);
  }

  /** Properties for consumers and producers. */
  public Properties properties() {
    Properties copy = new Properties();
    copy.putAll(common);
    return copy;
  }

  /** A client that gives up after {@code deadline}. */
  public Admin admin(Duration deadline) {
    Properties properties = properties();
    String millis = String.valueOf(deadline.toMillis());
    properties.setProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap());
    properties.setProperty(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
    properties.setProperty(
        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
        String.valueOf(Math.min(deadline.toMillis(), 5_000)));
    return Admin.create(properties);
  }

  private static Properties readProperties(Configuration settings) {
    Map<String, String> given = new TreeMap<>();
    Optional<String> file = KafkaSettings.PROPERTIES_FILE.find(settings);
    file.ifPresent(name -> given.putAll(load(Path.of(name))));
    settings
        .toMap()
        .forEach(
            (key, value) -> {
              if (key.startsWith(KafkaSettings.PROPERTIES_PREFIX)) {
                given.put(key.substring(KafkaSettings.PROPERTIES_PREFIX.length()), value);
              }
            });
    List<String> problems = new ArrayList<>();
    for (String name : given.keySet()) {
      if (OWN.contains(name)) {
        problems.add(
            "%s%s: the job sets %s itself; remove it"
                .formatted(KafkaSettings.PROPERTIES_PREFIX, name, name));
      }
    }
    if (!problems.isEmpty()) {
      throw new RefusedException(problems);
    }
    Properties properties = new Properties();
    properties.putAll(given);
    properties.putIfAbsent(CommonClientConfigs.CLIENT_ID_CONFIG, "drey");
    return properties;
  }

  private static Map<String, String> load(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new RefusedException(
          "%s: %s cannot be read: %s"
              .formatted(KafkaSettings.PROPERTIES_FILE.name(), file, e.getMessage()),
          e);
    }
    Map<String, String> map = new TreeMap<>();
    properties.stringPropertyNames().forEach(n -> map.put(n, properties.getProperty(n)));
    return map;
  }
}
