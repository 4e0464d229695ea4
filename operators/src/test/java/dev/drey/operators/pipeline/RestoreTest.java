package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.slot.EngineIdentity;
import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.TestCluster;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.WithToyWorld;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle.Mode;
import org.junit.jupiter.api.Test;

class RestoreTest extends WithToyWorld {
  private static final int TOKENS = 300;
  private static final Path VERSION_ONE =
      Path.of("src", "test", "resources", "savepoints", "v1").toAbsolutePath();

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
  void prefetchCanBeTurnedOffAndOnWhenAJobGoesOn(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(4));
    String with = stopInTheMiddle(cluster, job(source), null);
    String without = stopInTheMiddle(cluster, job(source).options(o -> o.prefetch(false)), with);
    world.stepsTake(Duration.ZERO);
    cluster.await(cluster.submit(job(source).replicas(2).graph(), without));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }

  @Test
  void savepointOfVersionOneGoesOnWithOtherNumbersOfReplicasAndStages(TestCluster cluster)
      throws Exception {
    ToyJob toy = job(source).replicas(2).options(o -> o.stages(3));
    cluster.await(cluster.submit(toy.graph(), VERSION_ONE.toUri().toString()));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
    long fromTheBeginning = 2 * 2 * TOKENS;
    assertThat(world.steps())
        .as("steps of two replicas with twelve requests each, the first half generated")
        .isLessThan(fromTheBeginning);
  }

  @Test
  void theUnionListOfVersionOneIsReadAndNotKept(TestCluster cluster) throws Exception {
    world.stepsTake(Duration.ofMillis(4));
    ToyJob toy = job(source).replicas(2);
    String one = VERSION_ONE.toUri().toString();
    assertThat(distributions(VERSION_ONE)).contains(Mode.UNION);
    EngineIdentity other = new EngineIdentity("toy", "digest-2", "f32", "toy-isa");
    ToyJob changed = job(source).options(o -> o.engines(world.engines().with(other)));
    assertRefused(cluster, cluster.submit(changed.graph(), one), "'digest-1'", "'digest-2'");

    JobID job = cluster.submit(toy.graph(), one);
    world.awaitSteps(60);
    String two = cluster.stop(job, toy.savepoints(), false);
    assertThat(distributions(Path.of(URI.create(two)))).containsOnly(Mode.SPLIT_DISTRIBUTE);
    world.stepsTake(Duration.ZERO);
    cluster.await(cluster.submit(job(source).graph(), two));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }

  /** How Flink deals out the lists of a savepoint when it is restored. */
  private static Set<Mode> distributions(Path savepoint) throws IOException {
    Set<Mode> found = EnumSet.noneOf(Mode.class);
    try (DataInputStream in =
        new DataInputStream(Files.newInputStream(savepoint.resolve("_metadata")))) {
      CheckpointMetadata metadata =
          Checkpoints.loadCheckpointMetadata(
              in, RestoreTest.class.getClassLoader(), savepoint.toString());
      for (OperatorState operator : metadata.getOperatorStates()) {
        for (OperatorSubtaskState subtask : operator.getStates()) {
          for (OperatorStateHandle handle : subtask.getManagedOperatorState()) {
            handle
                .getStateNameToPartitionOffsets()
                .values()
                .forEach(list -> found.add(list.getDistributionMode()));
          }
        }
      }
    }
    return found;
  }

  @Test
  void stateOfOtherSettingsIsRefusedAtOnceUnlessAllowed(TestCluster cluster) throws Exception {
    String limit = ",\"max_tokens\":" + TOKENS;
    ListSource open =
        new ListSource(2, 12, true, (p, o) -> Requests.greedy(p, o, TOKENS).replace(limit, ""));
    ToyJob toy = job(open).options(o -> o.limits(defaultMaxTokens(TOKENS)));
    world.stepsTake(Duration.ofMillis(4));
    String savepoint = stopInTheMiddle(cluster, toy, null);
    world.stepsTake(Duration.ZERO);

    ToyJob shorter = toy.options(o -> o.limits(defaultMaxTokens(20)));
    assertRefused(
        cluster,
        cluster.submit(shorter.graph(), savepoint),
        "the state has 300, this job has 20",
        "drey.request.default-max-tokens",
        "drey.job.allow-state-mismatch");
    ToyJob reseeded = toy.replicas(2).options(o -> o.jobSeed(5));
    JobID refused = cluster.submit(reseeded.graph(), savepoint);
    assertRefused(cluster, refused, "seed of record list-", "drey.job.seed");

    ToyJob allowed = shorter.options(o -> o.allowStateMismatch(true));
    cluster.await(cluster.submit(allowed.graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), open, 20);
  }

  private static RequestLimits defaultMaxTokens(int tokens) {
    RequestLimits limits = RequestLimits.DEFAULT;
    return new RequestLimits(
        limits.maxRecordBytes(), limits.maxPromptBytes(), tokens, 4096, 16, 1024);
  }

  @Test
  void stateOfAnotherEngineIsRefusedEvenWithNothingInTheTable(TestCluster cluster)
      throws Exception {
    int tokens = 4;
    ListSource single = new ListSource(1, 1, false, (p, o) -> Requests.greedy(p, o, tokens));
    ToyJob toy = job(single);
    JobID job = cluster.submit(toy.graph());
    world.awaitSteps(tokens);
    while (!cluster.tryCheckpoint(job)) {
      assertThat(cluster.attempts(job, "head")).containsOnly(0);
    }
    String savepoint = cluster.stop(job, toy.savepoints(), false);
    cluster.awaitEnd(job);
    assertThat(world.outcomes()).isEqualTo(1);
    EngineIdentity other = new EngineIdentity("toy", "digest-1", "f32", "other-isa");
    ToyJob changed = job(single).replicas(3).options(o -> o.engines(world.engines().with(other)));
    assertRefused(cluster, cluster.submit(changed.graph(), savepoint), "'toy-isa'", "'other-isa'");
  }

  private static void assertRefused(TestCluster cluster, JobID job, String... values)
      throws Exception {
    assertThatThrownBy(() -> cluster.await(job))
        .rootCause()
        .isInstanceOf(StateMismatchException.class)
        .hasMessageContainingAll(values);
    assertThat(cluster.awaitEnd(job)).isEqualTo(JobStatus.FAILED);
    assertThat(cluster.attempts(job, "head")).containsOnly(0);
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
    assertRefused(cluster, refused, "'digest-1'", "'digest-2'", "'f32'", "'bf16'");

    cluster.await(
        cluster.submit(changed.options(o -> o.allowStateMismatch(true)).graph(), savepoint));
    Requests.assertAllAnswered(world.committed(), source, TOKENS);
  }
}
