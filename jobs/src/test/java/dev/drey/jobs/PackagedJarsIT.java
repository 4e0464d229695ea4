package dev.drey.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/**
 * What goes where on a cluster. A class that lies in both jars is loaded twice: budgets double, and
 * native libraries fail with the second job, not with the first.
 */
class PackagedJarsIT {
  private static final Path JOB = Path.of("target/drey-job.jar");
  private static final Path RUNTIME = Path.of("../gpu-runtime/target/drey-runtime.jar");

  private static List<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(ZipEntry::getName).filter(n -> !n.endsWith("/")).toList();
    }
  }

  @Test
  void theJobJarHoldsNoEngineAndNoNative() throws IOException {
    assertThat(entries(JOB))
        .noneMatch(name -> name.startsWith("dev/drey/runtime/"))
        .noneMatch(name -> name.startsWith("org/bytedeco/"))
        .noneMatch(name -> name.startsWith("jcuda/"))
        .noneMatch(name -> name.startsWith("ai/djl/"))
        .noneMatch(name -> name.startsWith("native/lib/"))
        .noneMatch(name -> name.startsWith("lib/"));
  }

  @Test
  void theJobJarHoldsNothingThatFlinkBrings() throws IOException {
    assertThat(entries(JOB))
        .noneMatch(name -> name.startsWith("org/apache/flink/runtime/"))
        .noneMatch(name -> name.startsWith("org/apache/flink/streaming/runtime/"))
        .noneMatch(name -> name.startsWith("org/slf4j/"))
        .noneMatch(name -> name.startsWith("org/apache/logging/"))
        .noneMatch(name -> name.startsWith("kafka/server/"));
  }

  @Test
  void theJobJarHoldsEverythingElseAndNamesItsMainClass() throws IOException {
    assertThat(entries(JOB))
        .contains(
            "dev/drey/jobs/Drey.class",
            "dev/drey/operators/pipeline/ReplicaPipeline.class",
            "dev/drey/schemas/InferenceRequest.class",
            "org/apache/flink/connector/kafka/sink/KafkaSink.class",
            "org/apache/flink/connector/base/source/reader/SourceReaderBase.class",
            "org/apache/kafka/clients/producer/KafkaProducer.class",
            "org/apache/avro/Schema.class",
            "picocli/CommandLine.class",
            "org/snakeyaml/engine/v2/api/Load.class");
    try (JarFile jar = new JarFile(JOB.toFile())) {
      assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
          .isEqualTo("dev.drey.jobs.Drey");
    }
  }

  @Test
  void theRuntimeJarHoldsTheEngineWithItsNativesAndNoLogging() throws IOException {
    assertThat(entries(RUNTIME))
        .contains(
            "dev/drey/runtime/MoeEngine.class",
            "dev/drey/runtime/slot/SlotRuntimes.class",
            "org/bytedeco/dnnl/linux-x86_64/libjnidnnl.so",
            "jcuda/driver/JCudaDriver.class",
            "lib/libJCudaDriver-12.6.0-linux-x86_64.so",
            "dev/drey/runtime/device/cuda/norm.ptx",
            "com/fasterxml/jackson/databind/ObjectMapper.class",
            "com/google/gson/Gson.class")
        .anyMatch(name -> name.startsWith("native/lib/linux-x86_64/"))
        .noneMatch(name -> name.startsWith("lib/libJNv") || name.startsWith("lib/libJCudaRuntime"))
        .noneMatch(name -> name.startsWith("org/slf4j/"))
        .noneMatch(name -> name.startsWith("org/apache/commons/"))
        .noneMatch(name -> name.startsWith("org/apache/flink/"));
  }

  @Test
  void noClassOfOursLiesInBoth() throws IOException {
    List<String> runtime = entries(RUNTIME);

    assertThat(entries(JOB))
        .filteredOn(name -> name.startsWith("dev/drey/") && name.endsWith(".class"))
        .isNotEmpty()
        .noneMatch(runtime::contains);
  }
}
