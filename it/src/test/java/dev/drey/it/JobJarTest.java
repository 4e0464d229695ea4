package dev.drey.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.it.testing.Artifacts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What is in the two jars of a cluster: a class in both would be loaded twice. */
class JobJarTest {
  @Test
  void theJobJarHoldsNeitherTheRuntimeNorNativeLibrariesNorFlink() throws IOException {
    List<String> entries = entries(Artifacts.jobJar());
    assertThat(entries)
        .contains("dev/drey/jobs/Drey.class")
        .noneMatch(e -> e.startsWith("dev/drey/runtime/"))
        .noneMatch(e -> e.startsWith("org/bytedeco/"))
        .noneMatch(e -> e.startsWith("ai/djl/"))
        .noneMatch(e -> e.startsWith("jcuda/"))
        .noneMatch(e -> e.startsWith("org/apache/flink/runtime/"))
        .noneMatch(e -> e.startsWith("org/slf4j/"))
        .noneMatch(e -> e.contains("jnidnnl") || e.contains("tokenizers.so"));
  }

  @Test
  void theRuntimeJarHoldsEverythingNativeAndNothingOfTheJob() throws IOException {
    List<String> entries = entries(Artifacts.runtimeJar());
    assertThat(entries)
        .contains("dev/drey/runtime/MoeEngine.class")
        .anyMatch(e -> e.contains("linux-x86_64/libjnidnnl.so"))
        .noneMatch(e -> e.startsWith("dev/drey/operators/"))
        .noneMatch(e -> e.startsWith("dev/drey/jobs/"))
        .noneMatch(e -> e.startsWith("dev/drey/schemas/"))
        .noneMatch(e -> e.startsWith("org/apache/flink/"))
        .noneMatch(e -> e.startsWith("org/apache/kafka/"))
        .noneMatch(e -> e.startsWith("org/slf4j/"));
  }

  private static List<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(ZipEntry::getName).toList();
    }
  }
}
