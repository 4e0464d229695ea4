package dev.drey.deploy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkDeploymentSpec;

/** The manifests of this module, read strictly. Paths are relative to the module's folder. */
final class Manifests {

  static final Path FOLDER = Path.of("manifests");

  private Manifests() {}

  /** All manifest files, by name. */
  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.sorted().toList();
    }
  }

  /** All deployments of all files. */
  static List<FlinkDeployment> deployments() throws IOException {
    return all(FlinkDeployment.class);
  }

  /** The names of the volume claims that the manifests themselves declare. */
  static List<String> claims() throws IOException {
    return all(PersistentVolumeClaim.class).stream().map(c -> c.getMetadata().getName()).toList();
  }

  /**
   * The Flink configuration of a deployment with the two process sizes that the operator takes from
   * the resources of the manifest.
   */
  static Configuration configuration(FlinkDeploymentSpec spec) {
    Configuration configuration = Configuration.fromMap(spec.getFlinkConfiguration());
    configuration.set(
        TaskManagerOptions.TOTAL_PROCESS_MEMORY,
        MemorySize.parse(spec.getTaskManager().getResource().getMemory()));
    configuration.set(
        JobManagerOptions.TOTAL_PROCESS_MEMORY,
        MemorySize.parse(spec.getJobManager().getResource().getMemory()));
    return configuration;
  }

  private static <T extends HasMetadata> List<T> all(Class<T> kind) throws IOException {
    List<T> found = new ArrayList<>();
    for (Path file : files()) {
      StrictYaml.read(file).stream().filter(kind::isInstance).map(kind::cast).forEach(found::add);
    }
    return found;
  }
}
