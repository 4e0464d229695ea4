package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.WithToyWorld;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;

/** Two replicas, of which one has nothing to read and is finished long before the other. */
class UnevenReplicasTest extends WithToyWorld {
  private static final int TOKENS = 400;

  private final ListSource onePartition =
      new ListSource(1, 12, true, (p, o) -> Requests.greedy(p, o, TOKENS));

  @Test
  void checkpointsCompleteWhileOneReplicaIsFinishedAndTheOtherGenerates(TestCluster cluster)
      throws Exception {
    world.stepsTake(Duration.ofMillis(20));
    JobID job = cluster.submit(job(onePartition).replicas(2).graph());
    checkpointUntilOneIsFinished(cluster, job);
    cluster.checkpoint(job);
    assertThat(world.outcomes()).as("all of it before any generation ended").isZero();

    world.failNextStep();
    world.awaitFailure();
    world.stepsTake(Duration.ZERO);
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), onePartition, TOKENS);
    assertThat(world.steps())
        .as("two rounds of eight and four; begun again only from the last checkpoint")
        .isLessThan(2 * TOKENS + TOKENS / 2);
  }

  @Test
  void aJobOfWhichOneReplicaIsFinishedStopsAndGoesOn(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(20));
    ToyJob toy = job(onePartition).replicas(2);
    JobID job = cluster.submit(toy.graph());
    checkpointUntilOneIsFinished(cluster, job);
    String savepoint = cluster.stop(job, toy.savepoints(), false);
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
    assertThat(world.outcomes()).isZero();

    world.stepsTake(Duration.ZERO);
    cluster.await(cluster.submit(job(onePartition).replicas(3).graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), onePartition, TOKENS);
  }

  /** A replica at its end is finished with the first checkpoint it takes part in there. */
  private void checkpointUntilOneIsFinished(TestCluster cluster, JobID job) throws Exception {
    world.awaitSteps(5);
    while (cluster.finished(job, "head") == 0) {
      assertThat(world.outcomes()).as("a generation ended before a replica was finished").isZero();
      cluster.tryCheckpoint(job);
    }
    assertThat(cluster.finished(job, "head")).isEqualTo(1);
  }
}
