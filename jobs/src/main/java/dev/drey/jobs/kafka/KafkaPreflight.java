package dev.drey.jobs.kafka;

import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.options.KafkaSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks the brokers, before anything starts, whether the job can keep its promises on them, and
 * reports everything that is in the way at once, each with the numbers involved and the way out.
 *
 * <p>What would otherwise be found late: a transaction timeout above the broker's limit fails every
 * task at its first transaction; one below the checkpoint interval aborts finished results; an
 * outage longer than the timeout has lost results that a resumed job believes written; an open
 * transaction hides what lies behind it from readers of committed records.
 *
 * <p>Only topics are ever created, and only on request. A broker that does not let this client look
 * costs a warning, not the start.
 */
public final class KafkaPreflight {
  private final Configuration settings;
  private final KafkaClients clients;
  private final Clock clock;
  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  private KafkaPreflight(Configuration settings, Clock clock) {
    this.settings = settings;
    this.clients = new KafkaClients(settings);
    this.clock = clock;
  }

  /**
   * Checks brokers and topics.
   *
   * @param settings the job's settings, already validated
   * @param restores whether the job goes on from state
   * @param resumedCheckpoint when the checkpoint was taken that it goes on from; null if it starts
   *     without state, or that is not known
   * @param clock tells how old that is
   */
  public static Findings check(
      Configuration settings, boolean restores, @Nullable Instant resumedCheckpoint, Clock clock) {
    return new KafkaPreflight(settings, clock).run(restores, resumedCheckpoint);
  }

  private Findings run(boolean restores, @Nullable Instant resumedCheckpoint) {
    checkInterval();
    checkAge(resumedCheckpoint);
    RecordLimits limits = RecordLimits.DEFAULT;
    Duration deadline = KafkaSettings.PREFLIGHT_TIMEOUT.in(settings);
    try (Admin admin = clients.admin(deadline)) {
      if (reaches(admin, deadline)) {
        limits = askBrokers(admin, restores);
      }
    } catch (KafkaException e) {
      refused("asking the brokers", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problems.add("interrupted while the brokers were checked");
    }
    return new Findings(problems, warnings, limits);
  }

  /** Whether there is a broker at all; only then does it matter what it says. */
  private boolean reaches(Admin admin, Duration deadline) throws InterruptedException {
    try {
      admin.describeCluster().nodes().get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        problems.add(
            "%s = %s: no broker answered within %d s (%s); check address, network and security"
                .formatted(
                    KafkaSettings.BOOTSTRAP.name(),
                    clients.bootstrap(),
                    deadline.toSeconds(),
                    rootMessage(e)));
      } else {
        refused("describing the cluster", e);
      }
      return false;
    }
  }

  /** A question that was not answered; the broker's own words say why. */
  private void refused(String operation, Exception failure) {
    problems.add(
        "%s = %s: %s failed: %s"
            .formatted(
                KafkaSettings.BOOTSTRAP.name(),
                clients.bootstrap(),
                operation,
                rootMessage(failure)));
  }

  /**
   * What the brokers say of a topic.
   *
   * @param said false if they did not, which is a problem already
   * @param topic empty if there is none
   */
  private record Lookup(boolean said, Optional<TopicDescription> topic) {
    private boolean isMissing() {
      return said && topic.isEmpty();
    }
  }

  private Lookup lookUp(Admin admin, String topic) throws InterruptedException {
    try {
      return new Lookup(true, Topics.describe(admin, topic));
    } catch (ExecutionException e) {
      refused("describing topic " + topic, e);
      return new Lookup(false, Optional.empty());
    }
  }

  private RecordLimits askBrokers(Admin admin, boolean resumes) throws InterruptedException {
    Lookup lookup = lookUp(admin, clients.inputTopic());
    Optional<TopicDescription> input = lookup.topic();
    if (lookup.isMissing()) {
      problems.add(
          "%s: topic %s does not exist; create it and send requests to it first"
              .formatted(KafkaSettings.INPUT_TOPIC.name(), clients.inputTopic()));
    }
    input.ifPresent(this::checkPartitions);
    int partitions = input.map(t -> t.partitions().size()).orElse(1);
    boolean output =
        exists(admin, clients.outputTopic(), KafkaSettings.OUTPUT_TOPIC.name(), partitions);
    boolean dead =
        exists(
            admin, clients.deadLetterTopic(), KafkaSettings.DEAD_LETTER_TOPIC.name(), partitions);
    checkDistinct();
    BrokerConfigs configs = new BrokerConfigs(admin, warnings);
    checkTransactionTimeout(configs);
    OpenTransactions open = new OpenTransactions(admin, clients, clock, problems, warnings);
    open.checkOwnPrefix(resumes);
    if (!resumes && KafkaSettings.START.in(settings).equals(KafkaSettings.COMMITTED)) {
      new CommittedOffsets(admin, clients, warnings).check();
    }
    if (input.isPresent()) {
      try {
        open.checkInput(input.get(), KafkaSettings.BOUNDED.in(settings));
      } catch (ExecutionException e) {
        refused("listing the offsets of topic " + clients.inputTopic(), e);
      }
    }
    return new RecordLimits(
        output ? limit(configs, clients.outputTopic()) : RecordLimits.DEFAULT.result(),
        dead ? limit(configs, clients.deadLetterTopic()) : RecordLimits.DEFAULT.deadLetter());
  }

  private void checkInterval() {
    Duration interval = JobSettings.CHECKPOINT_INTERVAL.in(settings);
    Duration timeout = clients.transactionTimeout();
    if (timeout.compareTo(interval.multipliedBy(2)) < 0) {
      problems.add(
          ("%s = %d ms is too short for %s = %d ms: a transaction lives for one interval and a"
                  + " restart; set it to at least %d ms")
              .formatted(
                  KafkaSettings.TRANSACTION_TIMEOUT.name(),
                  timeout.toMillis(),
                  JobSettings.CHECKPOINT_INTERVAL.name(),
                  interval.toMillis(),
                  interval.toMillis() * 2));
    }
  }

  private void checkAge(@Nullable Instant checkpoint) {
    if (checkpoint == null) {
      return;
    }
    Duration age = Duration.between(checkpoint, clock.instant());
    Duration timeout = clients.transactionTimeout();
    if (age.compareTo(timeout) <= 0) {
      return;
    }
    String found =
        ("the checkpoint to resume from is %d s old, longer than %s = %d s: results written in it"
                + " but not committed before the stop may have been aborted by the broker")
            .formatted(
                age.toSeconds(), KafkaSettings.TRANSACTION_TIMEOUT.name(), timeout.toSeconds());
    if (KafkaSettings.RESUME_EXPIRED.in(settings)) {
      warnings.add(found);
    } else {
      problems.add(
          "%s; compare the output with the input, then resume with %s, or begin anew with --fresh"
              .formatted(found, KafkaSettings.RESUME_EXPIRED.name()));
    }
  }

  private void checkPartitions(TopicDescription input) {
    int replicas = JobSettings.REPLICAS.in(settings);
    int partitions = input.partitions().size();
    if (partitions < replicas) {
      problems.add(
          ("%s = %d, but topic %s has %d partition(s): a partition feeds one replica, so %d would"
                  + " stay idle; add partitions or use fewer replicas")
              .formatted(
                  JobSettings.REPLICAS.name(),
                  replicas,
                  input.name(),
                  partitions,
                  replicas - partitions));
    }
  }

  private void checkDistinct() {
    List<String> topics =
        List.of(clients.inputTopic(), clients.outputTopic(), clients.deadLetterTopic());
    if (topics.stream().distinct().count() < topics.size()) {
      problems.add(
          "input, output and dead-letter topic must differ, found %s"
              .formatted(String.join(", ", topics)));
    }
  }

  private boolean exists(Admin admin, String topic, String setting, int partitions)
      throws InterruptedException {
    Lookup lookup = lookUp(admin, topic);
    if (!lookup.isMissing()) {
      return lookup.topic().isPresent();
    }
    if (!KafkaSettings.CREATE_TOPICS.in(settings)) {
      problems.add(
          "%s: topic %s does not exist; create it, or let the job do so with %s"
              .formatted(setting, topic, KafkaSettings.CREATE_TOPICS.name()));
      return false;
    }
    if (!problems.isEmpty()) {
      return false;
    }
    try {
      Topics.create(admin, topic, partitions);
      return true;
    } catch (ExecutionException e) {
      refused("creating topic %s with %d partition(s)".formatted(topic, partitions), e);
      return false;
    }
  }

  private void checkTransactionTimeout(BrokerConfigs configs) throws InterruptedException {
    Optional<Long> limit = configs.ofBroker("transaction.max.timeout.ms");
    long timeout = clients.transactionTimeout().toMillis();
    if (limit.isPresent() && timeout > limit.get()) {
      problems.add(
          ("%s = %d ms is above the broker's transaction.max.timeout.ms = %d ms, so every"
                  + " transaction would be refused; lower it, or raise the broker's limit")
              .formatted(KafkaSettings.TRANSACTION_TIMEOUT.name(), timeout, limit.get()));
    }
  }

  private int limit(BrokerConfigs configs, String topic) throws InterruptedException {
    long topicLimit = configs.ofTopic(topic, "max.message.bytes").orElse(1_048_588L);
    String producer =
        clients
            .properties()
            .getProperty(
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                String.valueOf(RecordLimits.DEFAULT.result()));
    return (int) Math.min(topicLimit, Long.parseLong(producer));
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getClass().getSimpleName() + ": " + root.getMessage();
  }
}
