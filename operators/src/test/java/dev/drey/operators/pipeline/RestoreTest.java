package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.slot.EngineIdentity;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.WithToyWorld;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;

class RestoreTest extends WithToyWorld {
  private static final int TOKENS = 300;

  private final ListSource source =
      new ListSource(2, 12, true, (p, o) -> Requests.greedy(p, o, TOKENS));

  @Test
  void sequencesMoveBetweenReplicasAndStagesWhenAJobIsRescaled(TestCluster cluster)
      throws Exception {
    world.stepsTake(Duration.ofMillis(4));
    String one = stopInTheMiddle(cluster, job(source), null);
    String two = stopInTheMiddle(cluster, job(source).replicas(2).options(o -> o.stages(2)), one);
    world.stepsTake(Duration.ZERO);
    ToyJob narrow = job(source).options(o -> o.engines(world.engines().with(3, 4096)));
    cluster.await(cluster.submit(narrow.graph(), two));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }

  private String stopInTheMiddle(
      TestCluster cluster, ToyJob toy, @org.jspecify.annotations.Nullable String from)
      throws Exception {
    JobID job = from == null ? cluster.submit(toy.graph()) : cluster.submit(toy.graph(), from);
    world.awaitSteps(60);
    String savepoint = cluster.stop(job, toy.savepoints(), false);
    cluster.awaitEnd(job);
    assertThat(world.committed()).hasSizeLessThan(24);
    return savepoint;
  }

  @Test
  void savepointOfVersionOneGoesOnWithOtherNumbersOfReplicasAndStages(TestCluster cluster)
      throws Exception {
    Path savepoint = Path.of("src", "test", "resources", "savepoints", "v1").toAbsolutePath();
    ToyJob toy = job(source).replicas(2).options(o -> o.stages(3));
    cluster.await(cluster.submit(toy.graph(), savepoint.toUri().toString()));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
    long fromTheBeginning = 2 * 2 * TOKENS;
    assertThat(world.steps())
        .as("steps of two replicas with twelve requests each, the first half generated")
        .isLessThan(fromTheBeginning);
  }

  @Test
  void aPoolTooSmallForAllMakesSequencesWaitAndChangesNothing(TestCluster cluster)
      throws Exception {
    ToyJob tight = job(source).options(o -> o.engines(world.engines().with(8, 1024)));
    cluster.await(cluster.submit(tight.graph()));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }

  @Test
  void stateOfAnotherEngineIsRefusedWithBothValuesUnlessAllowed(TestCluster cluster)
      throws Exception {
    world.stepsTake(Duration.ofMillis(4));
    String savepoint = stopInTheMiddle(cluster, job(source), null);
    world.stepsTake(Duration.ZERO);
    EngineIdentity other = new EngineIdentity("toy", "digest-2", "bf16", "toy-isa");
    ToyJob changed = job(source).options(o -> o.engines(world.engines().with(other)));

    JobID refused = cluster.submit(changed.graph(), savepoint);
    assertThatThrownBy(() -> cluster.await(refused))
        .rootCause()
        .isInstanceOf(StateMismatchException.class)
        .hasMessageContaining("'digest-1'")
        .hasMessageContaining("'digest-2'")
        .hasMessageContaining("'f32'")
        .hasMessageContaining("'bf16'");
    assertThat(cluster.awaitEnd(refused)).isEqualTo(JobStatus.FAILED);
    assertThat(cluster.attempts(refused, "head")).containsOnly(0);

    cluster.await(
        cluster.submit(changed.options(o -> o.allowStateMismatch(true)).graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }
}
