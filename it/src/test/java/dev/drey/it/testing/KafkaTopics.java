package dev.drey.it.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Creates, fills and reads topics of a broker. */
public final class KafkaTopics {
  private static final Duration READ_LIMIT = Duration.ofSeconds(60);

  private final String bootstrap;

  /** Topics of the broker at an address. */
  public KafkaTopics(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  /** Creates a topic. */
  public void create(String topic, int partitions) throws Exception {
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
    }
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrap));
  }

  /** Sends records and waits until all are acknowledged. */
  public void send(List<ProducerRecord<byte[], byte[]>> records) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "acks", "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      records.forEach(record -> producer.send(record, KafkaTopics::requireSent));
      producer.flush();
    }
  }

  private static void requireSent(Object metadata, Exception failure) {
    if (failure != null) {
      throw new IllegalStateException("a record was not acknowledged", failure);
    }
  }

  /** Everything a reader of committed records sees now. */
  public List<ConsumerRecord<byte[], byte[]>> committed(String topic) throws Exception {
    return read(topic, IsolationLevel.READ_COMMITTED);
  }

  /** Everything in the topic, of open and aborted transactions as well. */
  public List<ConsumerRecord<byte[], byte[]>> uncommitted(String topic) throws Exception {
    return read(topic, IsolationLevel.READ_UNCOMMITTED);
  }

  /** Whether every transaction that wrote to the topic has ended. */
  public boolean allTransactionsEnded(String topic) throws Exception {
    return ends(topic, IsolationLevel.READ_COMMITTED)
        .equals(ends(topic, IsolationLevel.READ_UNCOMMITTED));
  }

  private Map<TopicPartition, Long> ends(String topic, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    try (Admin admin = admin()) {
      Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
      admin
          .describeTopics(List.of(topic))
          .allTopicNames()
          .get()
          .get(topic)
          .partitions()
          .forEach(p -> wanted.put(new TopicPartition(topic, p.partition()), OffsetSpec.latest()));
      Map<TopicPartition, Long> ends = new HashMap<>();
      admin
          .listOffsets(wanted, new ListOffsetsOptions(isolation))
          .all()
          .get()
          .forEach((partition, end) -> ends.put(partition, end.offset()));
      return ends;
    }
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic, IsolationLevel isolation)
      throws Exception {
    Map<TopicPartition, Long> ends = ends(topic, isolation);
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "isolation.level",
            isolation.toString(),
            "enable.auto.commit",
            false);
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      long deadline = System.nanoTime() + READ_LIMIT.toNanos();
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("topic %s was not read to its end %s".formatted(topic, ends));
        }
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }
}
