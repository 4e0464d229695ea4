package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.slot.AdmissionGate;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.ToyWorld;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestCluster.Extension.class)
class ReplicaPipelineTest {
  private final ToyWorld world = ToyWorld.create();
  @TempDir Path directory;

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    world.awaitNoEngines();
    world.close();
    assertThat(AdmissionGate.openGates()).isZero();
  }

  @Test
  void boundedInputIsAnsweredOnceAndTheJobEnds(TestCluster cluster) throws Exception {
    ListSource source = new ListSource(2, 30, true, (p, o) -> Requests.greedy(p, o, 12));
    JobID job = cluster.submit(ToyJob.of(world, source, directory).graph());
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), source, 12);
  }

  @Test
  void afterAFailureInTheMiddleEveryRecordIsAnsweredOnce(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(1));
    ListSource source = new ListSource(2, 20, true, (p, o) -> Requests.greedy(p, o, 100));
    ToyJob toy = ToyJob.of(world, source, directory).checkpoints(Duration.ofMillis(200));
    JobID job = cluster.submit(toy.graph());
    world.awaitCommitted(2);
    world.failNextStep();
    cluster.await(job);
    Requests.assertAllAnswered(world.committed(), source, 100);
    assertThat(world.failed()).isTrue();
  }
}
