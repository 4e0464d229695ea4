package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.WithToyWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;

/** Checkpoints, stopping and cancelling get in between two steps, however long generations are. */
class StoppingTest extends WithToyWorld {
  private static final int LONG = 1500;

  private final ListSource endless =
      new ListSource(1, 12, false, (p, o) -> Requests.greedy(p, o, LONG));

  @Test
  void checkpointsCompleteWithinAStepWhileLongGenerationsRun(TestCluster cluster) throws Exception {
    assertCheckpointsWithinAStep(cluster, job(endless));
  }

  @Test
  void checkpointsCompleteWithinAStepWhileTheEndOfInputIsDrained(TestCluster cluster)
      throws Exception {
    ListSource ended = new ListSource(1, 6, true, (p, o) -> Requests.greedy(p, o, LONG));
    assertCheckpointsWithinAStep(cluster, job(ended));
  }

  private void assertCheckpointsWithinAStep(TestCluster cluster, ToyJob toy) throws Exception {
    world.stepsTake(Duration.ofMillis(100));
    JobID job = cluster.submit(toy.graph());
    world.awaitSteps(5);
    List<Long> stepsMeanwhile = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      long before = world.steps();
      cluster.checkpoint(job);
      stepsMeanwhile.add(world.steps() - before);
    }
    assertThat(Collections.min(stepsMeanwhile)).as("%s", stepsMeanwhile).isLessThanOrEqualTo(1);
    assertThat(Collections.max(stepsMeanwhile)).as("%s", stepsMeanwhile).isLessThanOrEqualTo(5);
    assertThat(world.outcomes()).as("all of it before any generation ended").isZero();
    cluster.cancel(job);
  }

  @Test
  void stoppingWithoutDrainTakesAFewStepsAndTheRestGoesOnLater(TestCluster cluster)
      throws Exception {
    world.stepsTake(Duration.ofMillis(250));
    ToyJob toy = job(endless);
    JobID job = cluster.submit(toy.graph());
    world.awaitSteps(6);
    long before = world.steps();
    String savepoint = cluster.stop(job, toy.savepoints(), false);
    assertThat(world.steps() - before).isLessThanOrEqualTo(5);
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
    assertThat(world.outcomes()).isZero();

    world.stepsTake(Duration.ZERO);
    ListSource ended = new ListSource(1, 12, true, endless.values());
    cluster.await(cluster.submit(job(ended).graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), ended, LONG);
  }

  @Test
  void stoppingWithDrainFinishesTheTableAndLeavesTheInput(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(2));
    ListSource source = new ListSource(1, 12, false, (p, o) -> Requests.greedy(p, o, 300));
    ToyJob toy = job(source);
    JobID job = cluster.submit(toy.graph());
    world.awaitSteps(40);
    String savepoint = cluster.stop(job, toy.savepoints(), true);
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
    assertThat(world.committed()).hasSize(8).allSatisfy(o -> Requests.assertAnswered(o, 300));

    ListSource ended = new ListSource(1, 12, true, source.values());
    cluster.await(cluster.submit(job(ended).graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), ended, 300);
  }

  @Test
  void cancellingDoesNotWaitForALongStep(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMinutes(10));
    JobID job = cluster.submit(job(endless).graph());
    world.awaitSteps(1);
    assertQuick(() -> cluster.cancel(job));
    assertThat(world.steps()).isEqualTo(1);
  }

  @Test
  void cancellingDoesNotWaitForADrain(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(20));
    world.stepsIgnoreCancellation();
    ToyJob toy = job(endless);
    JobID job = cluster.submit(toy.graph());
    world.awaitSteps(5);
    CompletableFuture<String> drain = cluster.beginDrain(job, toy.savepoints());
    world.awaitSteps(30);
    assertThat(drain).isNotDone();
    assertQuick(() -> cluster.cancel(job));
    assertThat(world.outcomes()).isZero();
  }

  private interface Action {
    void run() throws Exception;
  }

  /** Two seconds leave room for a loaded machine; on an idle one it takes some milliseconds. */
  private static void assertQuick(Action action) throws Exception {
    long begin = System.nanoTime();
    action.run();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
  }
}
