package dev.drey.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkDeploymentSpec;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The {@code flinkConfiguration} of every deployment: keys, values, and whether they add up. */
class FlinkConfigurationTest {

  private static final Set<String> DREY_KEYS =
      Set.of(
          "drey.compute.type",
          "drey.device",
          "drey.kafka.bootstrap-servers",
          "drey.kafka.dead-letter-topic",
          "drey.kafka.format",
          "drey.kafka.input-topic",
          "drey.kafka.output-topic",
          "drey.memory.device",
          "drey.memory.host",
          "drey.model.path",
          "drey.pipeline.replicas",
          "drey.pipeline.stages",
          "drey.prediction.predictor");

  /** What reporters read beside the options that Flink declares for all of them. */
  private static final Set<String> REPORTER_KEYS = Set.of("metrics.reporter.prom.port");

  private static FlinkOptions known;

  @BeforeAll
  static void readFlinksOptions() throws IOException, ReflectiveOperationException {
    known = FlinkOptions.fromClassPath();
  }

  static List<FlinkDeployment> deployments() throws IOException {
    return Manifests.deployments();
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void everyKeyIsKnownAndItsValueHasTheRightType(FlinkDeployment deployment) {
    Configuration configuration = Manifests.configuration(deployment.getSpec());
    for (String key : configuration.keySet()) {
      if (DREY_KEYS.contains(key) || REPORTER_KEYS.contains(key)) {
        continue;
      }
      Optional<ConfigOption<?>> option = known.find(key);
      assertThat(option).as("%s is an option of Flink", key).isPresent();
      if (option.get().key().equals(key)) {
        assertThatCode(() -> configuration.get(option.get())).as(key).doesNotThrowAnyException();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "taskmanager.memory.proces.size",
        "state.checkpoints.dir",
        "external-resource.gpu.amounts",
        "metrics.reporter.prom.class",
        "anything"
      })
  void misspeltAndOutdatedKeysAreNotKnown(String key) {
    assertThat(known.find(key)).isEmpty();
  }

  @Test
  void theOptionsOfAllThreeJarsAreFound() {
    assertThat(known.size()).isGreaterThan(500);
    assertThat(known.find("kubernetes.cluster-id")).isPresent();
    assertThat(known.find("web.timeout")).isPresent();
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theMemorySizesAddUp(FlinkDeployment deployment) {
    Configuration configuration = Manifests.configuration(deployment.getSpec());

    TaskExecutorProcessSpec taskManager =
        TaskExecutorProcessUtils.processSpecFromConfig(configuration);
    JobManagerProcessUtils.processSpecFromConfig(configuration);

    assertThat(taskManager.getTotalProcessMemorySize())
        .isEqualTo(configuration.get(TaskManagerOptions.TOTAL_PROCESS_MEMORY));
    assertThat(taskManager.getTaskHeapSize()).isGreaterThan(MemorySize.parse("2g"));
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theBudgetFitsIntoTheOffHeapMemoryOfTheOneSlot(FlinkDeployment deployment) {
    Configuration configuration = Manifests.configuration(deployment.getSpec());
    long offHeap = configuration.get(TaskManagerOptions.TASK_OFF_HEAP_MEMORY).getBytes();

    assertThat(MemorySize.parse(configuration.getString("drey.memory.device", "")).getBytes())
        .isPositive()
        .isLessThan(offHeap);
    assertThat(MemorySize.parse(configuration.getString("drey.memory.host", "0")).getBytes())
        .isLessThan(offHeap);
    assertThat(configuration.get(TaskManagerOptions.NUM_TASK_SLOTS)).isEqualTo(1);
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void nativeLibrariesAreLoadedFromTheClusterNotFromTheJob(FlinkDeployment deployment) {
    Configuration configuration = Manifests.configuration(deployment.getSpec());

    assertThat(configuration.get(CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS_ADDITIONAL))
        .contains("dev.drey.runtime.", "org.bytedeco.", "ai.djl.", "jcuda.");
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theMetricsReporterExists(FlinkDeployment deployment) throws ReflectiveOperationException {
    FlinkDeploymentSpec spec = deployment.getSpec();

    Class<?> factory =
        Class.forName(spec.getFlinkConfiguration().get("metrics.reporter.prom.factory.class"));

    assertThat(MetricReporterFactory.class).isAssignableFrom(factory);
  }
}
