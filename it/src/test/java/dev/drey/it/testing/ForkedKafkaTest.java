package dev.drey.it.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker of the tests keeps what it acknowledged, or it would be no judge of lost records. */
class ForkedKafkaTest {
  @Test
  void aKilledBrokerComesBackWithEveryAcknowledgedRecord(@TempDir Path directory) throws Exception {
    try (ForkedKafka kafka = ForkedKafka.start(directory)) {
      KafkaTopics topics = kafka.topics();
      topics.create("numbers", 2);
      List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        sent.add(new ProducerRecord<>("numbers", null, String.valueOf(i).getBytes(UTF_8)));
      }
      topics.send(sent);

      kafka.kill();
      kafka.restart();

      assertThat(topics.committed("numbers"))
          .extracting(record -> Integer.valueOf(new String(record.value(), UTF_8)))
          .containsExactlyInAnyOrderElementsOf(
              java.util.stream.IntStream.range(0, 20).boxed().toList());
      assertThat(topics.allTransactionsEnded("numbers")).isTrue();
    }
  }
}
