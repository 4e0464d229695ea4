package dev.drey.jobs.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.flink.client.program.StreamContextEnvironment;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.DefaultExecutorServiceLoader;
import org.junit.jupiter.api.Test;

class InferenceJobTest {
  private static final String TOLERATED = "execution.checkpointing.tolerable-failed-checkpoints";

  private static int tolerated(Map<String, String> cluster, Map<String, String> settings) {
    StreamContextEnvironment.setAsContext(
        new DefaultExecutorServiceLoader(),
        Configuration.fromMap(cluster),
        InferenceJobTest.class.getClassLoader(),
        /* enforceSingleJobExecution= */ false,
        /* suppressSysout= */ true);
    try {
      return InferenceJob.environment(Configuration.fromMap(settings))
          .getCheckpointConfig()
          .getTolerableCheckpointFailureNumber();
    } finally {
      StreamContextEnvironment.unsetAsContext();
    }
  }

  @Test
  void threeFailedCheckpointsAreToleratedUnlessSomebodySaysOtherwise() {
    assertThat(tolerated(Map.of(), Map.of())).isEqualTo(3);
    assertThat(tolerated(Map.of(TOLERATED, "7"), Map.of())).isEqualTo(7);
    assertThat(tolerated(Map.of(TOLERATED, "7"), Map.of(TOLERATED, "0"))).isZero();
  }
}
