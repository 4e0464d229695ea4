package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any bytes as the index of a sharded model whose weight files are sound. */
class IndexFuzzTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  static Path dir;

  @BeforeAll
  static void writeShards() throws IOException {
    Fixtures.counting(
        dir.resolve("model-00001-of-00002.safetensors"), new TreeMap<>(Map.of("a", 4, "b", 8)));
    Fixtures.counting(dir.resolve("model-00002-of-00002.safetensors"), Map.of("c", 16));
  }

  @FuzzTest(maxDuration = "2m")
  void anIndexIsReadOrRefused(byte[] input) {
    try {
      Files.write(dir.resolve(SafetensorsIndex.FILE), input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HostileInput.reads(
        dir,
        () -> {
          try (TensorFiles files = TensorFiles.open(ModelDirectory.open(dir))) {
            assertThat(files.regions()).containsOnlyKeys("a", "b", "c");
            assertThat(files.fileCount()).isEqualTo(2);
          }
        });
  }

  @Test
  void damagedSeedsAreReadOrRefused() {
    HostileInput.damageSeeds(IndexFuzzTest.class, this::anIndexIsReadOrRefused);
  }
}
