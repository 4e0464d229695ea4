package dev.drey.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.drey.it.testing.Artifacts;
import dev.drey.it.testing.ClusterJob;
import dev.drey.it.testing.ForkedCluster;
import dev.drey.it.testing.ForkedKafka;
import dev.drey.it.testing.KafkaTopics;
import dev.drey.it.testing.Poll;
import dev.drey.it.testing.RestJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.Services;
import dev.drey.it.testing.TopicOutcomes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * SIGKILL of the process a replica runs in, while it generates: nothing is lost, nothing is there
 * twice, and the bytes are those of a run that nobody disturbed.
 */
@ExtendWith(Services.class)
class KilledTaskManagerTest {
  private static final int REPLICAS = 2;
  private static final int BAD_EVERY = 17;
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final String GENERATED = "generation_tokens_total";

  @Test
  void aReplicaGoesOnElsewhereAfterItsProcessWasKilled(ForkedKafka kafka, ForkedCluster cluster)
      throws Exception {
    new Scenario(kafka, cluster, "killed-once", 60, 24).run(List.of(60));
  }

  @Test
  @Tag("long")
  void threeKillsInAMinuteOfWorkLoseNothing(ForkedKafka kafka, ForkedCluster cluster)
      throws Exception {
    new Scenario(kafka, cluster, "killed-thrice", 240, 48).run(List.of(40, 300, 150));
  }

  private static final class Scenario {
    private final ForkedKafka kafka;
    private final ForkedCluster cluster;
    private final KafkaTopics topics;
    private final String input;
    private final int records;
    private final int tokens;

    Scenario(ForkedKafka kafka, ForkedCluster cluster, String input, int records, int tokens) {
      this.kafka = kafka;
      this.cluster = cluster;
      this.topics = kafka.topics();
      this.input = input;
      this.records = records;
      this.tokens = tokens;
    }

    /**
     * @param kills for each, the tokens a replica is to have generated after a checkpoint before
     *     its process is killed
     */
    void run(List<Integer> kills) throws Exception {
      topics.create(input, REPLICAS);
      for (String output : List.of(calm(), disturbed())) {
        topics.create(output, REPLICAS);
        topics.create(output + "-dead", REPLICAS);
      }
      fill();
      String jar = cluster.upload(Artifacts.jobJar());
      TopicOutcomes expected = undisturbed(jar);
      RestJob job =
          cluster.run(
              jar, job(disturbed()).with("--expert-memory", "25%").set(
                  "drey.transfer.max-bytes-per-second", 60_000_000).arguments(), null);
      job.awaitRunning(PATIENCE);
      List<Life> lives = new ArrayList<>();
      for (int replica = 0; replica < REPLICAS; replica++) {
        lives.add(new Life(job, replica));
      }
      for (int kill = 0; kill < kills.size(); kill++) {
        lives.get(kill % REPLICAS).killAfter(kills.get(kill), cluster);
      }
      Poll.until(
          "all outcomes",
          PATIENCE,
          () -> TopicOutcomes.read(topics, disturbed()).size() >= records);
      TopicOutcomes found = TopicOutcomes.read(topics, disturbed());
      for (Life life : lives) {
        life.requireLittleDoneAgain(found.tokens(input, List.of(life.replica)));
      }
      job.cancel(PATIENCE);
      cluster.awaitFreeSlots(REPLICAS);

      assertThat(found.results()).isEqualTo(expected.results());
      assertThat(found.deadLetters().keySet()).isEqualTo(expected.deadLetters().keySet());
      assertThat(topics.uncommitted(disturbed()).size())
          .as("a killed process leaves results behind that were never committed, or was idle")
          .isGreaterThanOrEqualTo(found.results().size());
    }

    private String calm() {
      return input + "-calm";
    }

    private String disturbed() {
      return input + "-disturbed";
    }

    private ClusterJob job(String output) {
      return ClusterJob.generate(kafka, input, output)
          .with("--replicas", REPLICAS)
          .with("--max-sequences", 8)
          .checkpoints(cluster, "1 s");
    }

    private void fill() throws Exception {
      List<ProducerRecord<byte[], byte[]>> requests = new ArrayList<>();
      List<String> lines = SamplePrompts.mixed(records, tokens);
      for (int i = 0; i < records; i++) {
        String value = i % BAD_EVERY == BAD_EVERY - 1 ? "not a request" : lines.get(i);
        requests.add(
            new ProducerRecord<>(
                input, i % REPLICAS, ("key-" + i).getBytes(UTF_8), value.getBytes(UTF_8)));
      }
      topics.send(requests);
    }

    private TopicOutcomes undisturbed(String jar) throws Exception {
      cluster.run(jar, job(calm()).with("--bounded").arguments(), null).awaitFinished(PATIENCE);
      TopicOutcomes outcomes = TopicOutcomes.read(topics, calm());
      assertThat(outcomes.size()).isEqualTo(records);
      assertThat(outcomes.deadLetters()).hasSize(records / BAD_EVERY);
      cluster.awaitFreeSlots(REPLICAS);
      return outcomes;
    }
  }

  /** One replica's way through attempts, by the metrics of its head, which start anew with each. */
  private static final class Life {
    private final RestJob job;
    private final int replica;
    private long saved;
    private boolean killed;

    Life(RestJob job, int replica) {
      this.job = job;
      this.replica = replica;
    }

    private long generated() throws Exception {
      return job.headMetric(replica, GENERATED).orElse(0);
    }

    /** Kills the replica's process and starts another. */
    void killAfter(int tokensAfterCheckpoint, ForkedCluster cluster) throws Exception {
      long atLeast = awaitCheckpointWithProgress();
      long target = generated() + tokensAfterCheckpoint;
      Poll.until("progress after the checkpoint", PATIENCE, () -> generated() >= target);
      String victim = job.taskManagers().get(replica);
      cluster.killTaskManager(victim);
      cluster.startTaskManager();
      saved += atLeast;
      killed = true;
      Poll.until(
          "the replica to run elsewhere",
          PATIENCE,
          () -> !job.taskManagers().get(replica).equals(victim) && generated() > 0);
    }

    /** Returns tokens that the last completed checkpoint holds, or fewer. */
    private long awaitCheckpointWithProgress() throws Exception {
      Poll.until("some tokens", PATIENCE, () -> generated() > 0);
      long before = generated();
      long sampled = System.currentTimeMillis();
      Poll.until("a later checkpoint", PATIENCE, () -> lastTrigger() > sampled);
      return before;
    }

    private long lastTrigger() throws Exception {
      JsonNode last = job.checkpoints().path("latest").path("completed");
      return last.path("trigger_timestamp").asLong(0);
    }

    void requireLittleDoneAgain(long total) throws Exception {
      Poll.until(
          "the metrics of a replica that is done",
          Duration.ofSeconds(20),
          () -> generated() + saved >= total || !killed && generated() == total);
      long here = generated();
      long rePrefilled = job.headMetric(replica, "moe.re_prefilled_tokens_total").orElse(-1);
      long recomputed = job.headMetric(replica, "moe.recomputed_tokens_total").orElse(-1);
      System.out.printf(
          "replica %d: %d tokens in results, at least %d in checkpoints before kills, %d generated by the last attempt, %d prefilled again%n",
          replica, total, saved, here, rePrefilled);
      assertThat(here).as("generated by the last attempt").isLessThanOrEqualTo(total - saved);
      assertThat(recomputed).as("nothing was preempted").isZero();
      if (killed) {
        assertThat(rePrefilled).as("prefilled again, counted apart").isPositive();
      } else {
        assertThat(rePrefilled).isZero();
      }
    }
  }
}
