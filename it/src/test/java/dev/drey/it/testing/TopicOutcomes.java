package dev.drey.it.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * The oracle: what readers of committed records find in the output topics of a job, by the place of
 * the input record ({@code topic-partition-offset}).
 *
 * @param results values of the results, JSON
 * @param deadLetters dead letters
 */
public record TopicOutcomes(
    Map<String, String> results, Map<String, ConsumerRecord<byte[], byte[]>> deadLetters) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ERRORS = "__drey.errors.";

  /**
   * Reads the topics of a {@link ClusterJob}'s output.
   *
   * @throws AssertionError if an input record has two outcomes
   */
  public static TopicOutcomes read(KafkaTopics topics, String output) throws Exception {
    Map<String, String> results = new TreeMap<>();
    Map<String, ConsumerRecord<byte[], byte[]>> dead = new TreeMap<>();
    List<String> twice = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(output)) {
      String value = new String(record.value(), UTF_8);
      String id = JSON.readTree(value).path("id").asText();
      if (results.put(id, value) != null) {
        twice.add(id);
      }
    }
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(output + "-dead")) {
      String id =
          "%s-%s-%s"
              .formatted(
                  header(record, "topic"), header(record, "partition"), header(record, "offset"));
      if (dead.put(id, record) != null || results.containsKey(id)) {
        twice.add(id);
      }
    }
    if (!twice.isEmpty()) {
      throw new AssertionError("more than one outcome for " + twice);
    }
    return new TopicOutcomes(results, dead);
  }

  /** A header of a dead letter that says what was wrong. */
  public static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(ERRORS + name);
    if (header == null) {
      throw new AssertionError("no header %s%s on %s".formatted(ERRORS, name, record));
    }
    return new String(header.value(), UTF_8);
  }

  /** Input records with an outcome. */
  public int size() {
    return results.size() + deadLetters.size();
  }

  /** Generated tokens of all results. */
  public long tokens() throws IOException {
    long tokens = 0;
    for (String result : results.values()) {
      tokens += JSON.readTree(result).path("usage").path("completion_tokens").asLong();
    }
    return tokens;
  }
}
