package dev.drey.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.BadRecords;
import dev.drey.it.testing.ForkedKafka;
import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.KafkaTopics;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.Services;
import dev.drey.it.testing.TopicOutcomes;
import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.format.WireFormat;
import dev.drey.schemas.serde.RecordCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Records that are no requests: each becomes one dead letter with its own bytes, and changes
 * nothing else. The jobs may not restart, so one that fails fails the test.
 */
@ExtendWith(Services.class)
class BadRecordsTest {
  private static final int GOOD = 12;
  private static final int PARTITIONS = 2;

  @Test
  void everyKindOfBadJsonBecomesOneDeadLetterAndLeavesGoodRowsAlone(ForkedKafka kafka)
      throws Exception {
    new Stream(kafka.topics(), kafka.bootstrap(), WireFormat.JSON).check(BadRecords.json());
  }

  @Test
  void everyKindOfBadAvroBecomesOneDeadLetterAndLeavesGoodRowsAlone(ForkedKafka kafka)
      throws Exception {
    new Stream(kafka.topics(), kafka.bootstrap(), WireFormat.AVRO).check(BadRecords.avro());
  }

  private static final class Stream {
    private final KafkaTopics topics;
    private final String bootstrap;
    private final WireFormat format;
    private final String name;

    Stream(KafkaTopics topics, String bootstrap, WireFormat format) {
      this.topics = topics;
      this.bootstrap = bootstrap;
      this.format = format;
      this.name = "bad-" + format.name().toLowerCase(java.util.Locale.ROOT);
    }

    void check(Map<String, byte @Nullable []> bad) throws Exception {
      assertThat(bad).hasSizeGreaterThanOrEqualTo(20);
      List<byte[]> good = good();
      Map<String, String> clean = run(name + "-clean", good, Map.of());
      Map<String, String> mixed = run(name + "-mixed", good, bad);
      assertThat(mixed).hasSize(GOOD).isEqualTo(clean);
      checkDeadLetters(name + "-mixed-out-dead", bad);
      assertThat(topics.committed(name + "-clean-out-dead")).isEmpty();
    }

    private List<byte[]> good() throws Exception {
      RecordCodec<InferenceRequest> json = WireFormat.JSON.requests(WireFormat.DEFAULT_MAX_BYTES);
      List<byte[]> values = new ArrayList<>();
      for (String line : SamplePrompts.mixed(GOOD, 6)) {
        values.add(
            format
                .requests(WireFormat.DEFAULT_MAX_BYTES)
                .encode(json.decode(line.getBytes(UTF_8))));
      }
      return values;
    }

    /** Results by the sender's name, without the place of the request. */
    private Map<String, String> run(
        String input, List<byte[]> good, Map<String, byte @Nullable []> bad) throws Exception {
      String output = input + "-out";
      for (String topic : List.of(input, output, output + "-dead")) {
        topics.create(topic, PARTITIONS);
      }
      topics.send(interleaved(input, good, bad));
      try (InProcessCluster cluster = InProcessCluster.start(1)) {
        JobID job =
            cluster.submit(
                SampleJob.onSampleModel()
                    .topics(bootstrap, input, output, output + "-dead")
                    .with("drey.kafka.format", format.name().toLowerCase(java.util.Locale.ROOT))
                    .with("drey.kafka.bounded", true)
                    .with("drey.kafka.start", "earliest")
                    .with("drey.request.max-bytes", BadRecords.MAX_BYTES)
                    .with("execution.checkpointing.interval", "1 s")
                    .with("drey.schedule.step-time", "500 ms")
                    .with("restart-strategy.type", "none")
                    .fromTopic());
        cluster.await(job);
      }
      return results(output);
    }

    private static List<ProducerRecord<byte[], byte[]>> interleaved(
        String topic, List<byte[]> good, Map<String, byte @Nullable []> bad) {
      List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
      bad.forEach(
          (kind, value) -> records.add(record(topic, records.size(), "bad " + kind, value)));
      int gap = records.size() / good.size() + 1;
      for (int i = 0; i < good.size(); i++) {
        int at = Math.min(records.size(), i * (gap + 1));
        records.add(at, record(topic, i, "good " + i, good.get(i)));
      }
      return records;
    }

    private static ProducerRecord<byte[], byte[]> record(
        String topic, int number, String key, byte @Nullable [] value) {
      return new ProducerRecord<>(
          topic,
          number % PARTITIONS,
          key.getBytes(UTF_8),
          value,
          List.of(new RecordHeader("trace", key.getBytes(UTF_8))));
    }

    private Map<String, String> results(String output) throws Exception {
      RecordCodec<InferenceResult> codec = format.results(WireFormat.DEFAULT_MAX_BYTES);
      Map<String, String> results = new TreeMap<>();
      for (ConsumerRecord<byte[], byte[]> record : topics.committed(output)) {
        InferenceResult result = codec.decode(record.value());
        result.setId("");
        assertThat(results.put(result.getCustomId(), result.toString())).isNull();
        assertThat(new String(record.headers().lastHeader("trace").value(), UTF_8))
            .isEqualTo(new String(record.key(), UTF_8))
            .startsWith("good");
      }
      return results;
    }

    private void checkDeadLetters(String topic, Map<String, byte @Nullable []> bad)
        throws Exception {
      Map<String, ConsumerRecord<byte[], byte[]>> letters = new HashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : topics.committed(topic)) {
        String key = new String(record.key(), UTF_8);
        assertThat(letters.put(key, record)).as("a second dead letter for %s", key).isNull();
      }
      assertThat(letters.keySet())
          .containsExactlyInAnyOrderElementsOf(bad.keySet().stream().map(k -> "bad " + k).toList());
      bad.forEach(
          (kind, value) ->
              checkDeadLetter(kind, value, Objects.requireNonNull(letters.get("bad " + kind))));
    }

    private static void checkDeadLetter(
        String kind, byte @Nullable [] value, ConsumerRecord<byte[], byte[]> letter) {
      assertThat(letter.value()).as(kind).isEqualTo(value);
      assertThat(letter.headers().lastHeader("trace").value()).isEqualTo(letter.key());
      String reason = TopicOutcomes.header(letter, "exception");
      String message = TopicOutcomes.header(letter, "message");
      assertThat(reason).as(kind).matches("(format|request)\\.[a-z0-9_]+");
      assertThat(message).as(kind).isNotEmpty().doesNotContain(BadRecords.CANARY);
      assertThat(TopicOutcomes.header(letter, "offset")).matches("[0-9]+");
    }
  }
}
