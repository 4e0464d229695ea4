package dev.drey.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkDeploymentSpec;
import org.apache.flink.kubernetes.operator.api.spec.JobSpec;
import org.apache.flink.kubernetes.operator.api.spec.KubernetesDeploymentMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The manifests against the operator's model, against the image, and against each other. */
class ManifestTest {

  static List<FlinkDeployment> deployments() throws IOException {
    return Manifests.deployments();
  }

  @Test
  void everyManifestParsesStrictly() throws IOException {
    for (Path file : Manifests.files()) {
      assertThat(StrictYaml.read(file)).as(file.toString()).isNotEmpty();
    }
    assertThat(Manifests.deployments())
        .extracting(deployment -> deployment.getMetadata().getName())
        .containsExactly("drey-generate", "drey-generate-gpu");
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theJobIsTheJarThatTheImageHolds(FlinkDeployment deployment) throws IOException {
    JobSpec job = deployment.getSpec().getJob();
    Dockerfile image = Dockerfile.read(Path.of("docker", "Dockerfile"));

    assertThat(job.getJarURI())
        .isEqualTo("local://" + image.copies().get("jobs/target/drey-job.jar"));
    assertThat(job.getEntryClass()).isEqualTo("dev.drey.jobs.Drey");
    assertThat(job.getArgs()).containsExactly("generate");
    assertThat(deployment.getSpec().getMode()).isEqualTo(KubernetesDeploymentMode.NATIVE);
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void everyMountHasItsVolumeAndEveryClaimIsDeclared(FlinkDeployment deployment)
      throws IOException {
    PodSpec pod = deployment.getSpec().getPodTemplate().getSpec();

    assertThat(mounts(pod).map(VolumeMount::getName).toList())
        .containsExactlyInAnyOrderElementsOf(
            pod.getVolumes().stream().map(Volume::getName).toList());
    assertThat(
            pod.getVolumes().stream()
                .map(Volume::getPersistentVolumeClaim)
                .filter(Objects::nonNull)
                .map(claim -> claim.getClaimName()))
        .containsExactlyInAnyOrderElementsOf(Manifests.claims());
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void everythingThatIsWrittenLiesOnAWritableVolume(FlinkDeployment deployment) throws IOException {
    FlinkDeploymentSpec spec = deployment.getSpec();
    List<String> writable =
        mounts(spec.getPodTemplate().getSpec())
            .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
            .map(mount -> mount.getMountPath() + "/")
            .toList();
    Configuration flink = Manifests.configuration(spec);
    String nativeCache =
        flink.get(CoreOptions.FLINK_JVM_OPTIONS).replaceAll(".*javacpp\\.cachedir=(\\S+).*", "$1/");

    assertThat(writable).contains("/tmp/", "/opt/flink/log/");
    for (String path :
        List.of(
            nativeCache,
            imageEnvironment("DJL_CACHE_DIR"),
            local(flink.get(CheckpointingOptions.CHECKPOINTS_DIRECTORY)),
            local(flink.get(CheckpointingOptions.SAVEPOINT_DIRECTORY)),
            local(flink.get(HighAvailabilityOptions.HA_STORAGE_PATH)))) {
      assertThat(writable).as(path).anyMatch(path::startsWith);
    }
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theContainerHasNoMoreRightsThanItNeeds(FlinkDeployment deployment) {
    PodSpec pod = deployment.getSpec().getPodTemplate().getSpec();
    var rights = container(pod).getSecurityContext();

    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(9999L);
    assertThat(rights.getReadOnlyRootFilesystem()).isTrue();
    assertThat(rights.getAllowPrivilegeEscalation()).isFalse();
    assertThat(rights.getCapabilities().getDrop()).containsExactly("ALL");
  }

  @ParameterizedTest(name = "manifest {index}")
  @MethodSource("deployments")
  void theModelLiesOnItsVolumeAndEveryReplicaHasItsSlot(FlinkDeployment deployment) {
    FlinkDeploymentSpec spec = deployment.getSpec();
    Configuration flink = Manifests.configuration(spec);
    List<String> readOnly =
        mounts(spec.getPodTemplate().getSpec())
            .filter(mount -> Boolean.TRUE.equals(mount.getReadOnly()))
            .map(VolumeMount::getMountPath)
            .toList();

    assertThat(readOnly).hasSize(1);
    assertThat(flink.getString("drey.model.path", "")).startsWith(readOnly.get(0) + "/");
    assertThat(flink.getString("drey.pipeline.replicas", ""))
        .isEqualTo(Integer.toString(spec.getJob().getParallelism()));
  }

  @Test
  void theGpuVariantAsksForOneGpuPerTaskManager() throws IOException {
    FlinkDeploymentSpec spec = Manifests.deployments().get(1).getSpec();

    assertThat(spec.getFlinkConfiguration())
        .containsEntry("external-resources", "gpu")
        .containsEntry("external-resource.gpu.amount", "1")
        .containsEntry("external-resource.gpu.kubernetes.config-key", "nvidia.com/gpu")
        .containsEntry(
            "external-resource.gpu.driver-factory.class",
            "org.apache.flink.externalresource.gpu.GPUDriverFactory")
        .containsEntry("taskmanager.numberOfTaskSlots", "1");
  }

  private static Stream<VolumeMount> mounts(PodSpec pod) {
    return container(pod).getVolumeMounts().stream();
  }

  private static Container container(PodSpec pod) {
    assertThat(pod.getContainers()).hasSize(1);
    assertThat(pod.getContainers().get(0).getName()).isEqualTo("flink-main-container");
    return pod.getContainers().get(0);
  }

  private static String imageEnvironment(String name) throws IOException {
    Dockerfile image = Dockerfile.read(Path.of("docker", "Dockerfile"));
    return Objects.requireNonNull(image.environment().get(name), name) + "/";
  }

  private static String local(String address) {
    assertThat(address).startsWith("file:///");
    return address.substring("file://".length()) + "/";
  }
}
