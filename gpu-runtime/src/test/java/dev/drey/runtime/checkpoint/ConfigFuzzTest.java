package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.HostileInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Any bytes as the configuration of a model whose weights are sound: behind a first byte 'g' as its
 * {@code generation_config.json}, behind any other as its {@code config.json}. The seeds are the
 * configurations of every architecture, though the weights are of one.
 */
class ConfigFuzzTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  static Path root;

  private static byte[] config = {};
  private static byte[] generation = {};

  @BeforeAll
  static void copyModel() throws IOException {
    Path dir = Fixtures.copy(Fixtures.golden("qwen3_moe"), root.resolve("model"));
    config = Files.readAllBytes(dir.resolve("config.json"));
    generation = Files.readAllBytes(dir.resolve("generation_config.json"));
  }

  @FuzzTest(maxDuration = "2m")
  void aConfigurationIsReadOrRefused(byte[] input) {
    Path dir = root.resolve("model");
    byte[] rest = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
    boolean isGeneration = input.length > 0 && input[0] == 'g';
    try {
      Files.write(dir.resolve("config.json"), isGeneration ? config : rest);
      Files.write(dir.resolve("generation_config.json"), isGeneration ? rest : generation);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HostileInput.reads(
        dir,
        () -> {
          try (Checkpoint model = Checkpoint.open(dir)) {
            assertThat(model.summary().layers()).isEqualTo(3);
            assertThat(model.summary().totalBytes()).isPositive();
          }
        });
  }

  @Test
  void damagedSeedsAreReadOrRefused() {
    HostileInput.damageSeeds(ConfigFuzzTest.class, this::aConfigurationIsReadOrRefused);
  }
}
