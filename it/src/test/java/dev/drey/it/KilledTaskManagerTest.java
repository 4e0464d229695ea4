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
  private static final long LINK_BYTES_PER_SECOND = 150_000_000;
  private static final Duration STANDSTILL = Duration.ofSeconds(2);
  private static final String GENERATED = "generation_tokens_total";

  @Test
  void aReplicaGoesOnElsewhereAfterItsProcessWasKilled(ForkedKafka kafka, ForkedCluster cluster)
      throws Exception {
    new Scenario(kafka, cluster, "killed-once", 48, 24).run(List.of(new Kill(0, 100, 60)));
  }

  @Test
  @Tag("long")
  void threeKillsInAMinuteOfWorkLoseNothing(ForkedKafka kafka, ForkedCluster cluster)
      throws Exception {
    new Scenario(kafka, cluster, "killed-thrice", 240, 48)
        .run(List.of(new Kill(0, 1, 20), new Kill(1, 600, 300), new Kill(0, 200, 100)));
  }

  /**
   * When to kill.
   *
   * @param replica whose process
   * @param before tokens the replica has generated, in this attempt, when a checkpoint is awaited
   * @param after tokens it generates after that checkpoint until the kill
   */
  private record Kill(int replica, int before, int after) {}

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

    void run(List<Kill> kills) throws Exception {
      topics.create(input, REPLICAS);
      for (String output : List.of(calm(), disturbed())) {
        topics.create(output, REPLICAS);
        topics.create(output + "-dead", REPLICAS);
      }
      fill();
      String jar = cluster.upload(Artifacts.jobJar());
      TopicOutcomes expected = undisturbed(jar);
      RestJob job = cluster.run(jar, slowed(job(disturbed())).arguments(), null);
      job.awaitRunning(PATIENCE);
      List<Life> lives = new ArrayList<>();
      for (int replica = 0; replica < REPLICAS; replica++) {
        lives.add(new Life(job, replica));
      }
      long begin = System.nanoTime();
      for (Kill kill : kills) {
        lives.get(kill.replica()).kill(kill, cluster);
      }
      Poll.until(
          "all outcomes",
          PATIENCE,
          () -> TopicOutcomes.read(topics, disturbed()).size() >= records);
      System.out.printf("%s: %d s of work%n", input, (System.nanoTime() - begin) / 1_000_000_000);
      TopicOutcomes found = TopicOutcomes.read(topics, disturbed());
      requireLittleDoneAgain(lives, found.tokens());
      assertThat(job.restarts())
          .as("a kill restarts the replica whose process it was, and no other")
          .isEqualTo(lives.stream().map(life -> life.kills).toList());
      job.cancel(PATIENCE);
      cluster.awaitFreeSlots(REPLICAS);

      assertThat(found.results()).isEqualTo(expected.results());
      assertThat(found.deadLetters().keySet()).isEqualTo(expected.deadLetters().keySet());
    }

    /** Tokens of the last attempts against those in results and checkpoints, over all replicas. */
    private static void requireLittleDoneAgain(List<Life> lives, long total) throws Exception {
      long generated = 0;
      long saved = 0;
      for (Life life : lives) {
        generated += life.settled();
        saved += life.saved;
        life.requireCountedApart();
      }
      System.out.printf(
          "%d tokens in results; at least %d were in a checkpoint before a kill; %d came from last attempts%n",
          total, saved, generated);
      assertThat(saved).isPositive();
      assertThat(generated).as("tokens of the last attempts").isLessThanOrEqualTo(total - saved);
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

    /** A link so slow that the work takes a known time at least, on however fast a machine. */
    private static ClusterJob slowed(ClusterJob job) {
      return job.with("--expert-memory", "25%")
          .set("drey.transfer.max-bytes-per-second", LINK_BYTES_PER_SECOND);
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
    private int kills;

    Life(RestJob job, int replica) {
      this.job = job;
      this.replica = replica;
    }

    private long generated() throws Exception {
      return job.headMetric(replica, GENERATED).orElse(0);
    }

    /** Kills the replica's process and starts another. */
    void kill(Kill kill, ForkedCluster cluster) throws Exception {
      Poll.until("some tokens", PATIENCE, () -> generated() >= kill.before());
      long inCheckpoint = generated();
      long sampled = System.currentTimeMillis();
      Poll.until("a later checkpoint", PATIENCE, () -> lastTrigger() > sampled);
      long target = generated() + kill.after();
      Poll.until("progress after the checkpoint", PATIENCE, () -> generated() >= target);
      String victim = job.taskManagers().get(replica);
      cluster.killTaskManager(victim);
      cluster.startTaskManager();
      saved += inCheckpoint;
      kills++;
      Poll.until(
          "the replica to run elsewhere",
          PATIENCE,
          () -> !job.taskManagers().get(replica).equals(victim) && generated() > 0);
    }

    private long lastTrigger() throws Exception {
      JsonNode last = job.checkpoints().path("latest").path("completed");
      return last.path("trigger_timestamp").asLong(0);
    }

    /** The count of a replica with nothing left to do, once the cluster has fetched it. */
    private long settled() throws Exception {
      long[] seen = {-1, 0};
      Poll.until(
          "the metrics of an idle replica to stand still",
          PATIENCE,
          () -> {
            long now = generated();
            if (now != seen[0]) {
              seen[0] = now;
              seen[1] = System.nanoTime();
            }
            return System.nanoTime() - seen[1] > STANDSTILL.toNanos();
          });
      return seen[0];
    }

    void requireCountedApart() throws Exception {
      assertThat(job.headMetric(replica, "moe.recomputed_tokens_total"))
          .as("preempted")
          .hasValue(0);
      long again = job.headMetric(replica, "moe.re_prefilled_tokens_total").orElseThrow();
      if (kills > 0) {
        assertThat(again).as("tokens prefilled again after the kill").isPositive();
      } else {
        assertThat(again).isZero();
      }
    }
  }
}
