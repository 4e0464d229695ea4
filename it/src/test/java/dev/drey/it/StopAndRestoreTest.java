package dev.drey.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.ForkedKafka;
import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.KafkaTopics;
import dev.drey.it.testing.Poll;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.Services;
import dev.drey.it.testing.TopicOutcomes;
import dev.drey.runtime.slot.SlotRuntimes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A bounded Kafka job, stopped with a savepoint in the middle, and what becomes of its records. */
@ExtendWith(Services.class)
class StopAndRestoreTest {
  private static final int RECORDS = 12;
  private static final int TABLE = 4;
  private static final int TOKENS = 40;
  private static final int LINK_BYTES_PER_SECOND = 200_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir private Path directory;

  @Test
  void afterAStopInTheMiddleTheRestoredJobEndsByItselfWithEveryRecordOnce(ForkedKafka kafka)
      throws Exception {
    Scenario scenario = new Scenario(kafka, "stopped");
    Path savepoint = scenario.stopInTheMiddle(false);
    assertThat(scenario.outcomes().size()).as("the table was left as it was").isLessThan(TABLE);

    scenario.restore(savepoint);
    assertThat(scenario.outcomes().results()).isEqualTo(scenario.undisturbed());
  }

  @Test
  void aStopWithDrainFinishesTheTableAndLeavesTheRestOfTheInputForLater(ForkedKafka kafka)
      throws Exception {
    Scenario scenario = new Scenario(kafka, "drained");
    Path savepoint = scenario.stopInTheMiddle(true);
    Map<String, String> drained = scenario.outcomes().results();
    assertThat(drained.size()).as("the whole table and no more").isEqualTo(TABLE);

    scenario.restore(savepoint);
    assertThat(scenario.outcomes().results())
        .isEqualTo(scenario.undisturbed())
        .containsAllEntriesOf(drained);
  }

  private final class Scenario {
    private final KafkaTopics topics;
    private final String bootstrap;
    private final String input;

    Scenario(ForkedKafka kafka, String input) throws Exception {
      this.topics = kafka.topics();
      this.bootstrap = kafka.bootstrap();
      this.input = input;
      topics.create(input, 1);
      create(input + "-out");
      List<ProducerRecord<byte[], byte[]>> requests = new ArrayList<>();
      for (String line : SamplePrompts.greedyShort(RECORDS, TOKENS)) {
        requests.add(new ProducerRecord<>(input, line.getBytes(UTF_8)));
      }
      topics.send(requests);
    }

    private void create(String output) throws Exception {
      topics.create(output, 1);
      topics.create(output + "-dead", 1);
    }

    private SampleJob job(String output) {
      return SampleJob.onSampleModel()
          .topics(bootstrap, input, output, output + "-dead")
          .with("drey.kafka.transactional-id-prefix", output)
          .with("drey.kafka.bounded", true)
          .with("drey.kafka.start", "earliest")
          .with("drey.schedule.max-sequences", TABLE)
          .with("drey.device.linger", "0 s");
    }

    Path stopInTheMiddle(boolean drain) throws Exception {
      try (InProcessCluster cluster = InProcessCluster.start(1)) {
        JobID job =
            cluster.submit(
                job(input + "-out")
                    .with("drey.memory.expert", "25%")
                    .with("drey.transfer.max-bytes-per-second", LINK_BYTES_PER_SECOND)
                    .with("drey.device.linger", "1 min")
                    .fromTopic());
        Poll.until("an open engine", PATIENCE, () -> SlotRuntimes.open().size() == 1);
        Poll.until(
            "the middle", PATIENCE, () -> cluster.onlyEngine().stats().steps() >= TOKENS / 2);
        Path savepoint = cluster.stop(job, directory, drain);
        assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
        requireNoOpenTransaction();
        return savepoint;
      }
    }

    void restore(Path savepoint) throws Exception {
      run(job(input + "-out"), savepoint);
      requireNoOpenTransaction();
    }

    private void requireNoOpenTransaction() throws Exception {
      assertThat(topics.allTransactionsEnded(input + "-out")).as("transactions ended").isTrue();
    }

    Map<String, String> undisturbed() throws Exception {
      String output = input + "-undisturbed";
      create(output);
      try (InProcessCluster cluster = InProcessCluster.start(1)) {
        cluster.run(job(output).fromTopic());
      }
      return TopicOutcomes.read(topics, output).results();
    }

    private static void run(SampleJob job, Path savepoint) throws Exception {
      try (InProcessCluster cluster = InProcessCluster.start(1)) {
        cluster.await(cluster.submit(job.fromTopic(), savepoint));
      }
    }

    TopicOutcomes outcomes() throws Exception {
      return TopicOutcomes.read(topics, input + "-out");
    }
  }
}
