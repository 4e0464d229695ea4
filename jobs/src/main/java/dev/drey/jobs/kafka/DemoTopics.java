package dev.drey.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The two ends of a job on topics, as a small producer and a small consumer: makes the topics,
 * sends requests, reads committed outcomes.
 *
 * @param bootstrap brokers to ask first
 * @param input topic of the requests
 * @param output topic of the results
 * @param deadLetters topic of the dead letters
 */
public record DemoTopics(String bootstrap, String input, String output, String deadLetters) {
  private static final Duration POLL = Duration.ofMillis(200);

  /**
   * An outcome as it lies in its topic.
   *
   * @param request identity of the request: topic-partition-offset
   * @param deadLetter whether it is one
   * @param value the record's value; null for a dead letter without one
   */
  public record Read(String request, boolean deadLetter, byte @Nullable [] value) {}

  /** Makes the three topics; those that exist stay as they are. */
  public void create(int partitions) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      for (String topic : List.of(input, output, deadLetters)) {
        Topics.create(admin, topic, partitions);
      }
    }
  }

  /**
   * Sends requests.
   *
   * @return their identities, in order
   */
  public List<String> send(List<byte[]> values) throws ExecutionException, InterruptedException {
    Map<String, Object> settings =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap, ProducerConfig.ACKS_CONFIG, "all");
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < values.size(); i++) {
        byte[] key = String.valueOf(i).getBytes(UTF_8);
        sent.add(producer.send(new ProducerRecord<>(input, key, values.get(i))));
      }
    }
    List<String> identities = new ArrayList<>();
    for (Future<RecordMetadata> record : sent) {
      identities.add(
          identity(record.get().topic(), record.get().partition(), record.get().offset()));
    }
    return identities;
  }

  private static String identity(String topic, int partition, long offset) {
    return topic + "-" + partition + "-" + offset;
  }

  /**
   * Reads committed outcomes from the beginning, until {@code wanted} are there or nothing came for
   * {@code patience}.
   *
   * @return outcomes by request, in the order read; more than one of a request is a broken promise
   */
  public Map<String, List<Read>> read(int wanted, Duration patience) {
    Map<String, Object> settings =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            "read_committed");
    Map<String, List<Read>> outcomes = new LinkedHashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(partitions(consumer));
      consumer.seekToBeginning(consumer.assignment());
      long count = 0;
      long lastNews = System.nanoTime();
      while (count < wanted && System.nanoTime() - lastNews < patience.toNanos()) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          Read read = read(record);
          outcomes.computeIfAbsent(read.request(), r -> new ArrayList<>()).add(read);
          count++;
          lastNews = System.nanoTime();
        }
      }
    }
    return outcomes;
  }

  private Collection<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : List.of(output, deadLetters)) {
      consumer
          .partitionsFor(topic)
          .forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
    }
    return partitions;
  }

  @SuppressWarnings("NullAway") // a nullable array in a record's header is not recognised
  private Read read(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(output)) {
      return new Read(header(record, "drey.id"), false, record.value());
    }
    String request =
        header(record, OutcomeRecords.ERRORS + "topic")
            + "-"
            + header(record, OutcomeRecords.ERRORS + "partition")
            + "-"
            + header(record, OutcomeRecords.ERRORS + "offset");
    return new Read(request, true, record.value());
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "?" : new String(header.value(), UTF_8);
  }
}
