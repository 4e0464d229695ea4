package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.SampleJob;
import java.util.List;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.junit.jupiter.api.Test;

/** What the settings become: two tasks per replica, however many stages. */
class JobGraphTest {
  @Test
  void aReplicaIsOneTaskFromSourceToCommitterAndAPrefetchTaskInTheSameSlot() {
    JobGraph job =
        SampleJob.onSampleModel()
            .topics("127.0.0.1:9", "in", "out", "dead")
            .with("drey.pipeline.stages", 8)
            .with("drey.pipeline.replicas", 2)
            .fromTopic();

    List<JobVertex> vertices = job.getVerticesSortedTopologicallyFromSources();
    assertThat(vertices).hasSize(2).allMatch(vertex -> vertex.getParallelism() == 2);
    JobVertex pipeline = vertices.get(0);
    JobVertex prefetch = vertices.get(1);
    assertThat(pipeline.getName())
        .contains(
            "source", "parse", "head", "stage-1", "stage-8", "sampler", "Writer", "Committer");
    assertThat(prefetch.getName()).isEqualTo("prefetch");
    assertThat(prefetch.getCoLocationGroup()).isNotNull().isSameAs(pipeline.getCoLocationGroup());
    assertThat(prefetch.getInputs())
        .isNotEmpty()
        .allMatch(edge -> edge.getDistributionPattern().toString().equals("POINTWISE"));
  }

  @Test
  void withoutAPredictorTheTasksAreTheSameSoThatStateFitsBothWays() {
    JobGraph job =
        SampleJob.onSampleModel()
            .topics("127.0.0.1:9", "in", "out", "dead")
            .with("drey.prediction.predictor", "none")
            .fromTopic();
    assertThat(job.getNumberOfVertices()).isEqualTo(2);
  }
}
