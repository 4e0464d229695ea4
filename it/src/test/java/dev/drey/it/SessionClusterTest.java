package dev.drey.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.Artifacts;
import dev.drey.it.testing.ClusterJob;
import dev.drey.it.testing.ForkedCluster;
import dev.drey.it.testing.ForkedJvm;
import dev.drey.it.testing.ForkedKafka;
import dev.drey.it.testing.KafkaTopics;
import dev.drey.it.testing.RestJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.it.testing.Services;
import dev.drey.it.testing.TopicOutcomes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Jobs come and go on one session cluster, each with classes of its own; natives stay. */
@ExtendWith(Services.class)
class SessionClusterTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int RECORDS = 8;

  @Test
  void nativeLibrariesLoadOnceForJobsThatComeOneAfterAnother(
      ForkedKafka kafka, ForkedCluster cluster) throws Exception {
    KafkaTopics topics = kafka.topics();
    topics.create("session", 2);
    List<ProducerRecord<byte[], byte[]>> requests = new ArrayList<>();
    for (String line : SamplePrompts.greedy(RECORDS, 40)) {
      requests.add(
          new ProducerRecord<>("session", requests.size() % 2, null, line.getBytes(UTF_8)));
    }
    topics.send(requests);

    TopicOutcomes first = run(kafka, cluster, "session-1");
    TopicOutcomes second = run(kafka, cluster, "session-2");
    TopicOutcomes stopped = stopAndRestore(kafka, cluster, "session-3");

    assertThat(first.results()).hasSize(RECORDS).isEqualTo(second.results());
    assertThat(stopped.results()).isEqualTo(first.results());
    for (String id : cluster.taskManagers()) {
      ForkedJvm process = cluster.taskManager(id);
      assertThat(process.output())
          .doesNotContain("UnsatisfiedLinkError", "already loaded in another classloader");
      assertThat(mapped(process, "libdnnl")).as("copies of oneDNN in %s", process).hasSize(1);
      assertThat(mapped(process, "libtokenizers")).as("tokenizers in %s", process).hasSize(1);
    }
  }

  private static TopicOutcomes run(ForkedKafka kafka, ForkedCluster cluster, String output)
      throws Exception {
    create(kafka, output);
    // each submission uploads the jar anew, as different users would
    String jar = cluster.upload(Artifacts.jobJar());
    cluster
        .run(jar, job(kafka, cluster, output).with("--bounded").arguments(), null)
        .awaitFinished(PATIENCE);
    cluster.awaitFreeSlots(2);
    return TopicOutcomes.read(kafka.topics(), output);
  }

  /** A restart in the middle: the tasks close and open again, from state, in the same processes. */
  private static TopicOutcomes stopAndRestore(
      ForkedKafka kafka, ForkedCluster cluster, String output) throws Exception {
    create(kafka, output);
    String jar = cluster.upload(Artifacts.jobJar());
    List<String> slow =
        job(kafka, cluster, output)
            .with("--bounded")
            .with("--expert-memory", "25%")
            .set("drey.transfer.max-bytes-per-second", 30_000_000)
            .arguments();
    RestJob job = cluster.run(jar, slow, null);
    job.awaitRunning(PATIENCE);
    job.awaitCheckpoints(2, PATIENCE);
    String savepoint =
        job.stop(cluster.directory().resolve("savepoints").toUri().toString(), false, PATIENCE);
    assertThat(TopicOutcomes.read(kafka.topics(), output).size())
        .as("stopped before the end")
        .isLessThan(RECORDS);
    cluster.awaitFreeSlots(2);
    cluster
        .run(jar, job(kafka, cluster, output).with("--bounded").arguments(), savepoint)
        .awaitFinished(PATIENCE);
    cluster.awaitFreeSlots(2);
    return TopicOutcomes.read(kafka.topics(), output);
  }

  private static void create(ForkedKafka kafka, String output) throws Exception {
    kafka.topics().create(output, 2);
    kafka.topics().create(output + "-dead", 2);
  }

  private static ClusterJob job(ForkedKafka kafka, ForkedCluster cluster, String output) {
    return ClusterJob.generate(kafka, "session", output)
        .with("--replicas", 2)
        .checkpoints(cluster, "1 s");
  }

  /** Files with this in their names that the process has mapped as code. */
  private static Set<String> mapped(ForkedJvm process, String name) throws IOException {
    Set<String> files = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("/proc", process.pid() + "", "maps"))) {
      int path = line.indexOf('/');
      if (path >= 0 && line.contains(" r-xp ") && line.substring(path).contains(name)) {
        files.add(line.substring(path));
      }
    }
    return files;
  }
}
