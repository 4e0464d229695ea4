package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.WithToyWorld;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
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
    ListSource source =
        new ListSource(1, 200, true, (p, o) -> "{\"prompt_token_ids\":[65],\"max_tokens\":4}");
    cluster.await(cluster.submit(job(source).graph()));
    assertThat(world.committed()).hasSize(200);
    double meanBatch = (double) world.rows() / world.steps();
    assertThat(meanBatch)
        .as("rows per step; admitting one record per step would give four of eight")
        .isGreaterThan(6);
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
  }

  @Test
  void predictionsReachTheEngineUnlessPrefetchIsOff(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(2));
    ListSource source = new ListSource(1, 8, true, (p, o) -> Requests.greedy(p, o, 60));
    cluster.await(cluster.submit(job(source).options(o -> o.prefetch(false)).graph()));
    assertThat(world.offers()).isEmpty();
    cluster.await(cluster.submit(job(source).graph()));
    assertThat(world.offers()).isNotEmpty().allMatch(p -> p.layer() > p.issuedAtLayer());
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
  void aGatedSourceWithoutAHeadInItsTaskFailsInsteadOfWaiting(TestCluster cluster)
      throws Exception {
    // The coordinator may report that the task is gone before the task's own cause arrives; so the
    // job must fail every time, and say why in one of a few tries.
    boolean told = false;
    for (int attempt = 0; attempt < 20 && !told; attempt++) {
      JobID job = cluster.submit(withoutHead());
      Throwable failure = catchThrowable(() -> cluster.await(job));
      assertThat(failure).isNotNull();
      Throwable cause = failure;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      told = String.valueOf(cause.getMessage()).contains("must be chained to the head");
    }
    assertThat(told).isTrue();
  }

  private static JobGraph withoutHead() {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(new Configuration());
    environment.setParallelism(1);
    ListSource source = new ListSource(1, 1, true, (p, o) -> "");
    environment
        .fromSource(
            new GatedSource<>(source, SourceRecord.TYPE, false),
            WatermarkStrategy.noWatermarks(),
            "source",
            SourceRecord.TYPE)
        .sinkTo(new DiscardingSink<>());
    return environment.getStreamGraph().getJobGraph();
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
