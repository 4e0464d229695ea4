package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.WithToyWorld;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;

class ReplicaPipelineTest extends WithToyWorld {
  @Test
  void boundedInputIsAnsweredOnceAndTheJobEnds(TestCluster cluster) throws Exception {
    ListSource source = new ListSource(2, 30, true, (p, o) -> Requests.greedy(p, o, 12));
    JobID job = cluster.submit(job(source).graph());
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), source, 12);
  }

  @Test
  void recordsThatArriveTogetherAreSteppedTogether(TestCluster cluster) throws Exception {
    int tokens = 50;
    ListSource source = new ListSource(1, 80, true, (p, o) -> Requests.greedy(p, o, tokens));
    cluster.await(cluster.submit(job(source).graph()));
    Requests.assertAllAnswered(world.committed(), source, tokens);
    double meanBatch = 80.0 * tokens / world.steps();
    assertThat(meanBatch).as("sequences per step, of a capacity of 8").isGreaterThan(6);
  }

  @Test
  void afterAFailureInTheMiddleEveryRecordIsAnsweredOnce(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(1));
    ListSource source = new ListSource(2, 20, true, (p, o) -> Requests.greedy(p, o, 100));
    JobID job = cluster.submit(job(source).checkpoints(Duration.ofMillis(200)).graph());
    world.awaitCommitted(2);
    world.failNextStep();
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), source, 100);
    assertThat(world.failed()).isTrue();
    assertThat(world.rows()).as("a restart goes on in the middle").isLessThan(40 * 115 * 2);
  }

  @Test
  void predictionsReachTheEngineUnlessPrefetchIsOff(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(2));
    ListSource source = new ListSource(1, 8, true, (p, o) -> Requests.greedy(p, o, 60));
    cluster.await(cluster.submit(job(source).options(o -> o.prefetch(false)).graph()));
    assertThat(world.offers()).isEmpty();
    cluster.await(cluster.submit(job(source).graph()));
    assertThat(world.offers()).isNotEmpty().allMatch(p -> p.expert().layer() > p.issuedAtLayer());
  }

  @Test
  void theNumberOfStagesChangesNothing(TestCluster cluster) throws Exception {
    ListSource source = new ListSource(1, 10, true, (p, o) -> Requests.greedy(p, o, 20));
    for (int stages : new int[] {1, 6, 9}) {
      int before = world.committed().size();
      cluster.await(cluster.submit(job(source).options(o -> o.stages(stages)).graph()));
      Requests.assertAllAnswered(
          world.committed().subList(before, world.committed().size()), source, 20);
    }
  }

  @Test
  void aFailingReplicaRestartsNoOther(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(1));
    ListSource source = new ListSource(2, 20, true, (p, o) -> Requests.greedy(p, o, 100));
    JobID job = cluster.submit(job(source).replicas(2).checkpoints(Duration.ofMillis(200)).graph());
    world.awaitCommitted(4);
    world.failNextStep();
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), source, 100);
    assertThat(cluster.attempts(job, "head")).containsExactlyInAnyOrder(0, 1);
    assertThat(cluster.attempts(job, "prefetch")).isEqualTo(cluster.attempts(job, "head"));
    assertThat(world.misplacedOffers()).isZero();
  }
}
