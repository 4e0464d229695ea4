package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.InProcessCluster;
import dev.drey.it.testing.LongContextModel;
import dev.drey.it.testing.Poll;
import dev.drey.it.testing.SampleJob;
import dev.drey.it.testing.SamplePrompts;
import dev.drey.runtime.EngineStats;
import dev.drey.runtime.slot.SlotRuntimes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints, stops and cancellations get in between two steps of generations of 5,000 tokens. A
 * slow link sets the least time of a step, so that steps are long on any machine.
 */
class LongGenerationsTest {
  private static final int TABLE = 4;
  private static final int TOKENS = 5000;
  private static final long STEP_OF_A_QUARTER_SECOND = 80_000_000;
  private static final long STEP_OF_SECONDS = 3_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Duration OVERHEAD = Duration.ofMillis(50);
  private static final int CHECKPOINTS = 9;
  private static final int CANCELLATIONS = 5;
  private static final int LONG_PROMPT = 8000;

  @TempDir private static Path directory;
  private static Path model;
  private static InProcessCluster cluster;

  @BeforeAll
  static void start() throws Exception {
    model = LongContextModel.copyInto(directory);
    cluster = InProcessCluster.start(1);
  }

  @AfterEach
  void closeEngines() {
    SlotRuntimes.closeIdle();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  /** A job of so many requests that has begun to generate. */
  private JobID generating(int requests, long pace) throws Exception {
    String name = requests + "-" + System.nanoTime();
    Path input =
        SamplePrompts.write(
            directory.resolve(name + ".jsonl"), SamplePrompts.greedyShort(requests, TOKENS));
    JobID job =
        cluster.submit(
            SampleJob.on(model)
                .with("drey.compute.threads", 2)
                .with("drey.schedule.max-sequences", TABLE)
                .with("drey.memory.expert", "25%")
                .with("drey.memory.kv-tokens", TABLE * (TOKENS + 200))
                .with("drey.request.max-tokens", TOKENS)
                .with("drey.transfer.max-bytes-per-second", pace)
                .fromFile(input, directory.resolve(name)));
    Poll.until("an open engine", PATIENCE, () -> SlotRuntimes.open().size() == 1);
    return job;
  }

  private static EngineStats stats() {
    return cluster.onlyEngine().stats();
  }

  private static void awaitSteps(int steps) throws Exception {
    Poll.until(steps + " steps", PATIENCE, () -> stats().steps() >= steps);
  }

  @Test
  void checkpointsWaitForTheCurrentStepOnly() throws Exception {
    assertCheckpointsWithinAStep(generating(3 * TABLE, STEP_OF_A_QUARTER_SECOND));
  }

  @Test
  void checkpointsWaitForTheCurrentStepOnlyWhenTheInputHasEnded() throws Exception {
    assertCheckpointsWithinAStep(generating(TABLE, STEP_OF_A_QUARTER_SECOND));
  }

  private static void assertCheckpointsWithinAStep(JobID job) throws Exception {
    awaitSteps(4);
    EngineStats before = stats();
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < CHECKPOINTS; i++) {
      long start = System.nanoTime();
      cluster.checkpoint(job);
      nanos.add(System.nanoTime() - start);
    }
    awaitSteps((int) before.steps() + 1);
    EngineStats after = stats();
    long step = (after.stepNanos() - before.stepNanos()) / (after.steps() - before.steps());
    cluster.cancel(job);
    nanos.sort(null);
    System.out.printf(
        "checkpoints of %d ms median, %d ms most, in steps of %d ms%n",
        millis(nanos.get(CHECKPOINTS / 2)), millis(nanos.get(CHECKPOINTS - 1)), millis(step));
    assertThat(nanos.get(CHECKPOINTS / 2)).isLessThanOrEqualTo(step + OVERHEAD.toNanos());
  }

  @Test
  void aStopWithASavepointEndsWithinFiveSteps() throws Exception {
    JobID job = generating(3 * TABLE, STEP_OF_A_QUARTER_SECOND);
    awaitSteps(4);
    long before = stats().steps();
    Path savepoint = cluster.stop(job, directory.resolve("savepoints"), false);
    assertThat(stats().steps() - before).as("steps until it had stopped").isLessThanOrEqualTo(5);
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
    assertThat(savepoint).isDirectoryContaining("glob:**/_metadata");
  }

  @Test
  void cancellingDoesNotWaitForAStepOfSecondsOfLoading() throws Exception {
    assertCancelledAtOnce(() -> generating(TABLE, STEP_OF_SECONDS));
  }

  @Test
  void cancellingDoesNotWaitForAStepOfSecondsOfComputing() throws Exception {
    JobID whole = computing();
    long start = System.nanoTime();
    awaitSteps(1);
    Duration step = Duration.ofNanos(System.nanoTime() - start);
    cluster.cancel(whole);
    SlotRuntimes.closeIdle();
    System.out.printf("a step of %d ms%n", step.toMillis());
    assertThat(step).as("a step long enough to tell").isGreaterThan(Duration.ofSeconds(1));

    assertCancelledAtOnce(LongGenerationsTest::computing);
  }

  /** A job whose first step, a prompt of thousands of tokens, has begun to compute. */
  private static JobID computing() throws Exception {
    String name = "computing-" + System.nanoTime();
    String ids =
        IntStream.range(0, LONG_PROMPT)
            .mapToObj(i -> String.valueOf(100 + i % 3000))
            .collect(Collectors.joining(",", "[", "]"));
    Path input =
        SamplePrompts.write(
            directory.resolve(name + ".jsonl"),
            List.of(
                "{\"prompt_token_ids\":%s,\"max_tokens\":9,\"ignore_eos\":true}".formatted(ids)));
    JobID job =
        cluster.submit(
            SampleJob.on(model)
                .with("drey.compute.threads", 1)
                .with("drey.compute.type", "f32")
                .with("drey.memory.kv-tokens", LONG_PROMPT + 64)
                .with("drey.schedule.max-step-tokens", LONG_PROMPT)
                .with("drey.schedule.prefill-chunk", LONG_PROMPT)
                .fromFile(input, directory.resolve(name)));
    Poll.until("an open engine", PATIENCE, () -> SlotRuntimes.open().size() == 1);
    return job;
  }

  private static void assertCancelledAtOnce(Callable<JobID> submission) throws Exception {
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < CANCELLATIONS; i++) {
      JobID job = submission.call();
      Poll.until("a step", PATIENCE, () -> cluster.onlyEngine().currentLayer() >= 1);
      long steps = stats().steps();
      long start = System.nanoTime();
      cluster.cancel(job);
      nanos.add(System.nanoTime() - start);
      assertThat(stats().steps()).as("no step was waited for").isEqualTo(steps);
      SlotRuntimes.closeIdle();
    }
    nanos.sort(null);
    System.out.printf("cancelled in %s ms%n", nanos.stream().map(n -> n / 1_000_000).toList());
    assertThat(Duration.ofNanos(nanos.get(CANCELLATIONS / 2)))
        .as("the median, from the request to the end of the job")
        .isLessThanOrEqualTo(Duration.ofMillis(100));
    assertThat(Duration.ofNanos(nanos.get(CANCELLATIONS - 1))).isLessThan(Duration.ofSeconds(1));
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
