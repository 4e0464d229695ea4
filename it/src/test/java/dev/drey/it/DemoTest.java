package dev.drey.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.it.testing.ForkedDrey;
import dev.drey.it.testing.ForkedJvm;
import dev.drey.it.testing.KafkaTopics;
import dev.drey.it.testing.Poll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo as somebody at a terminal sees it. */
class DemoTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int PROMPTS = 5;
  private static final int INTERRUPTED = 130;
  private static final List<String> MEMORY = List.of("-Xmx1g");
  private static final Pattern ANSWERED =
      Pattern.compile("All (\\d+) prompts are answered\\. Broker (\\S+), topics (\\S+), (\\S+), ");

  @Test
  void aDemoThatKeepsRunningAnswersMorePromptsUntilItIsInterrupted(@TempDir Path directory)
      throws Exception {
    try (ForkedJvm demo =
        ForkedDrey.start(
            directory, MEMORY, List.of("demo", "--keep-running", "--prompts", "" + PROMPTS))) {
      Matcher answered =
          Poll.untilPresent(
              "the answers to the samples",
              PATIENCE,
              () -> {
                demo.requireAlive();
                return Optional.of(ANSWERED.matcher(demo.output())).filter(Matcher::find);
              });
      assertThat(answered.group(1)).isEqualTo(String.valueOf(PROMPTS));
      KafkaTopics topics = new KafkaTopics(answered.group(2));

      topics.send(
          List.of(
              new ProducerRecord<>(
                  answered.group(3),
                  "{\"custom_id\":\"mine\",\"prompt\":\"Q: What is a heron?\\nA:\",\"max_tokens\":4}"
                      .getBytes(UTF_8))));
      Poll.until(
          "the answer to a prompt of one's own",
          PATIENCE,
          () -> names(topics.committed(answered.group(4))).contains("mine"));
      assertThat(topics.committed(answered.group(4))).hasSize(PROMPTS + 1);

      assertThat(demo.interrupt(PATIENCE)).isEqualTo(INTERRUPTED);
      assertEndedInOrder(demo, directory);
    }
  }

  @Test
  void aDemoEndsWithExactlyOneOutcomePerPromptAndNothingLeftBehind(@TempDir Path directory)
      throws Exception {
    Path out = directory.resolve("out");
    try (ForkedJvm demo =
        ForkedDrey.start(
            directory, MEMORY, List.of("demo", "--prompts", "" + PROMPTS, "--out", "" + out))) {
      assertThat(demo.awaitExit(PATIENCE)).as(demo.output()).isZero();
      assertThat(demo.output()).contains("records in / results / dead letters");
      assertThat(Files.readAllLines(out.resolve("results.jsonl"))).hasSize(PROMPTS);
      assertEndedInOrder(demo, directory);
    }
  }

  private static void assertEndedInOrder(ForkedJvm demo, Path directory) throws IOException {
    assertThat(demo.output()).doesNotContain("\tat ", "Exception", "ERROR");
    try (var left = Files.list(directory.resolve("tmp"))) {
      assertThat(left.filter(path -> path.getFileName().toString().startsWith("drey-")))
          .as("folders of the demo")
          .isEmpty();
    }
  }

  private static List<String> names(List<ConsumerRecord<byte[], byte[]>> results)
      throws IOException {
    List<String> names = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> result : results) {
      JsonNode value = JSON.readTree(result.value());
      names.add(value.path("custom_id").asText());
    }
    return names;
  }
}
