package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.testing.ListSource;
import dev.drey.operators.testing.Requests;
import dev.drey.operators.testing.ToyJob;
import dev.drey.operators.testing.ToyWorld;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.jobgraph.DistributionPattern;
import org.apache.flink.runtime.jobgraph.JobEdge;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobShapeTest {
  private final ToyWorld world = ToyWorld.create();
  private Path directory;

  @BeforeEach
  void place(@TempDir Path temporary) {
    directory = temporary;
  }

  @AfterEach
  void end() {
    world.close();
  }

  private ToyJob job() {
    ListSource source = new ListSource(2, 1, true, (p, o) -> Requests.greedy(p, o, 1));
    return ToyJob.of(world, source, directory).replicas(2);
  }

  @Test
  void aReplicaIsOneTaskAndItsPrefetchAnotherInTheSameSlot() {
    JobGraph graph = job().graph();
    assertThat(graph.getVertices()).hasSize(2).allMatch(vertex -> vertex.getParallelism() == 2);
    JobVertex pipeline = vertex(graph, "head");
    JobVertex prefetch = vertex(graph, "prefetch");
    assertThat(pipeline.getName())
        .contains("source", "parse", "head", "stage-1", "stage-2", "stage-3", "stage-4")
        .contains("sampler", "outcomes: Writer", "outcomes: Committer")
        .doesNotContain("prefetch");
    assertThat(pipeline.getCoLocationGroup()).isNotNull();
    assertThat(prefetch.getCoLocationGroup()).isSameAs(pipeline.getCoLocationGroup());
    assertThat(prefetch.getSlotSharingGroup()).isSameAs(pipeline.getSlotSharingGroup());
  }

  @Test
  void noEdgeLeavesAReplica() {
    JobGraph graph = job().graph();
    List<JobEdge> edges = new ArrayList<>();
    graph.getVertices().forEach(vertex -> edges.addAll(vertex.getInputs()));
    assertThat(edges)
        .hasSize(4)
        .allMatch(edge -> edge.getDistributionPattern() == DistributionPattern.POINTWISE)
        .allMatch(
            edge ->
                edge.getSource().getResultType().isPipelinedOrPipelinedBoundedResultPartition());
  }

  @Test
  void thereAreAsManyStagesAsAskedForAndTheSameTasksWithoutPrefetch() {
    JobGraph graph = job().options(o -> o.stages(2).prefetch(false)).graph();
    assertThat(graph.getVertices()).hasSize(2);
    assertThat(vertex(graph, "head").getName()).contains("stage-2").doesNotContain("stage-3");
  }

  @Test
  void predictionsAreSentAtOnceAndNamesFitIntoReports() {
    List<StreamNode> ours = new ArrayList<>(job().operators().getStreamNodes());
    ours.removeIf(node -> node.getOperatorName().contains("outcomes"));
    assertThat(ours).hasSize(9).allMatch(node -> node.getTransformationUID() != null);
    for (StreamNode node : ours) {
      assertThat(node.getOperatorName().replace("Source: ", "")).hasSizeLessThanOrEqualTo(12);
      if (node.getOperatorName().startsWith("stage-")) {
        assertThat(node.getBufferTimeout()).as(node.getOperatorName()).isZero();
      }
    }
  }

  private static JobVertex vertex(JobGraph graph, String operator) {
    for (JobVertex vertex : graph.getVertices()) {
      if (vertex.getName().contains(operator)) {
        return vertex;
      }
    }
    throw new AssertionError("no task holds " + operator);
  }
}
