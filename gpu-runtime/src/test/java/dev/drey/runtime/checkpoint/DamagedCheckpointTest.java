package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DamagedCheckpointTest {
  private static final String INDEX = "model.safetensors.index.json";

  private final Path dir;

  DamagedCheckpointTest(@TempDir Path dir) {
    this.dir = Fixtures.copy(Fixtures.golden("qwen3_moe"), dir.resolve("model"));
  }

  @ParameterizedTest
  @ValueSource(strings = {INDEX, "model-00002-of-00002.safetensors"})
  void aBitFlippedInIndexOrHeaderIsRefusedOrChangesNothing(String name) throws IOException {
    List<TensorRegion> intact = tensors();
    byte[] content = Files.readAllBytes(dir.resolve(name));
    int bytes = name.equals(INDEX) ? content.length : 8 + 9000;
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 100; i++) {
      int bit = random.nextInt(8 * bytes);
      flip(content, bit);
      Files.write(dir.resolve(name), content);
      flip(content, bit);
      try {
        assertThat(tensors()).isEqualTo(intact);
      } catch (ModelFileException e) {
        assertThat(e).hasMessageContaining(dir.toString());
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(85);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "generation_config.json"})
  void aBitFlippedInAConfigurationIsRefusedWithTheFileOrHasAMeaning(String name)
      throws IOException {
    byte[] content = Files.readAllBytes(dir.resolve(name));
    Random random = new Random(6);
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      int bit = random.nextInt(8 * content.length);
      flip(content, bit);
      Files.write(dir.resolve(name), content);
      flip(content, bit);
      try {
        assertThat(tensors()).isNotEmpty();
      } catch (ModelFileException e) {
        assertThat(e).hasMessageContaining(dir.toString());
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(50);
  }

  @Test
  void aConfigurationCutAnywhereIsRefused() throws IOException {
    byte[] content = Files.readAllBytes(dir.resolve("config.json"));
    List<Integer> accepted = new ArrayList<>();
    for (int bytes = 0; bytes < content.length; bytes += 3) {
      Files.write(dir.resolve("config.json"), Arrays.copyOf(content, bytes));
      try {
        tensors();
        accepted.add(bytes);
      } catch (ModelFileException e) {
        assertThat(e).hasMessageContaining("config.json");
      }
    }
    assertThat(accepted).isEmpty();
  }

  private List<TensorRegion> tensors() {
    try (Checkpoint model = Checkpoint.open(dir)) {
      return model.tensors();
    }
  }

  private static void flip(byte[] content, int bit) {
    content[bit / 8] ^= (byte) (1 << (bit % 8));
  }
}
