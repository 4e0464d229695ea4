package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.Poll;
import dev.drey.it.testing.ResultFile;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SavepointFixture;
import dev.drey.runtime.slot.SlotRuntimes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A savepoint of version 1, kept as a file, goes on under every later version and in every layout.
 */
class RestoredSavepointTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String METADATA = "_metadata";

  @TempDir private static Path directory;
  private static InProcessCluster cluster;
  private static Path input;
  private static ResultFile undisturbed;
  private static long allSteps;

  @BeforeAll
  static void start() throws Exception {
    cluster = InProcessCluster.start(2);
    input = SavepointFixture.writeInput(directory);
    Path parts = directory.resolve("undisturbed");
    cluster.run(SavepointFixture.job().fromFile(input, parts));
    undisturbed = SampleJob.join(input, parts);
    allSteps = cluster.onlyEngine().stats().steps();
    SlotRuntimes.closeIdle();
  }

  @AfterEach
  void closeEngines() {
    SlotRuntimes.closeIdle();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "2, 2"})
  void goesOnWithOtherStagesAndReplicasToTheSameBytes(int stages, int replicas) throws Exception {
    Path parts = directory.resolve("restored-%d-%d".formatted(stages, replicas));
    JobID job =
        cluster.submit(
            SavepointFixture.job()
                .with("drey.pipeline.stages", stages)
                .with("drey.pipeline.replicas", replicas)
                .fromFile(input, parts),
            SavepointFixture.directory());
    cluster.await(job);
    for (var engine : SlotRuntimes.open().values()) {
      assertThat(engine.stats().steps()).as("steps left to do").isBetween(1L, allSteps - 1);
    }

    ResultFile restored = SampleJob.join(input, parts);
    assertThat(restored).isEqualTo(undisturbed);
    assertThat(restored.results()).hasSize(Files.readAllLines(input).size());
  }

  @Test
  void stateOfAnotherComputeTypeIsRefusedWithBothValues() {
    assertThatRefused(() -> restore(SavepointFixture.job().with("drey.compute.type", "bf16")))
        .contains("compute type: the state has 'F32', this job has 'BF16'");
  }

  @Test
  void stateOfAnotherModelIsRefusedWithBothValues() throws Exception {
    Path other = Files.createDirectories(directory.resolve("other-model"));
    Path model = Path.of(SavepointFixture.job().engine().model());
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, other.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path config = other.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"rope_theta\": 1000000.0", "\"rope_theta\": 500000.0"));

    assertThatRefused(() -> restore(SavepointFixture.job().with("drey.model.path", other)))
        .containsPattern("model digest: the state has '[0-9a-f]{64}', this job has '[0-9a-f]{64}'");
  }

  private static void restore(SampleJob job) throws Exception {
    Path parts = directory.resolve("refused-" + System.nanoTime());
    cluster.await(
        cluster.submit(job.restarts(100).fromFile(input, parts), SavepointFixture.directory()));
  }

  /** The stack trace of a job that must fail at once, restarts or not. */
  private static org.assertj.core.api.AbstractStringAssert<?> assertThatRefused(
      ThrowingCallable job) {
    StringWriter trace = new StringWriter();
    assertThatThrownBy(job).satisfies(e -> e.printStackTrace(new PrintWriter(trace)));
    return assertThat(trace.toString());
  }

  /** Makes the fixture; not a test. The README beside the fixture says how to call it. */
  @Test
  @Tag("fixture")
  void writeTheSavepointOfThisVersion() throws Exception {
    JobID job =
        cluster.submit(
            SavepointFixture.job()
                .with("drey.memory.expert", "25%")
                .with("drey.transfer.max-bytes-per-second", 4_000_000)
                .with("drey.pipeline.stages", 2)
                .fromFile(input, directory.resolve("fixture")));
    Poll.until("an open engine", PATIENCE, () -> SlotRuntimes.open().size() == 1);
    Poll.until(
        "sequences in the middle", PATIENCE, () -> cluster.onlyEngine().stats().steps() >= 12);
    Path savepoint = cluster.stop(job, directory.resolve("savepoints"), false);
    requireNothingElse(savepoint);
    Files.createDirectories(SavepointFixture.directory());
    Files.copy(
        savepoint.resolve(METADATA),
        SavepointFixture.directory().resolve(METADATA),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static void requireNothingElse(Path savepoint) throws IOException {
    try (Stream<Path> files = Files.list(savepoint)) {
      assertThat(files).containsExactly(savepoint.resolve(METADATA));
    }
  }
}
