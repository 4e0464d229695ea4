package dev.drey.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A strict reader that is not strict would let every other test here pass. */
class StrictYamlTest {

  private static final String MANIFEST = read();

  @ParameterizedTest(name = "{0} misspelt as {1}")
  @CsvSource({
    "'spec:\n  image:', 'spec:\n  imagge:', imagge",
    "flinkConfiguration:, flinkConfig:, flinkConfig",
    "runAsNonRoot:, runAsNonroot:, runAsNonroot",
    "readOnlyRootFilesystem:, readOnlyRootFileSystem:, readOnlyRootFileSystem",
    "mountPath: /models, path: /models, path",
    "claimName: drey-model, claim: drey-model, claim",
    "upgradeMode:, upgrademode:, upgrademode",
    "entryClass:, mainClass:, mainClass",
    "emptyDir: {}, emptydir: {}, emptydir",
    "'metadata:\n  name:', 'metadata:\n  label:', label",
  })
  void anUnknownFieldIsRefusedAtEveryDepth(String right, String wrong, String named) {
    assertThat(MANIFEST).contains(right);

    assertThatThrownBy(() -> StrictYaml.read(MANIFEST.replace(right, wrong)))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("\"" + named + "\"");
  }

  @ParameterizedTest(name = "{1} instead of {0}")
  @CsvSource({
    "upgradeMode: savepoint, upgradeMode: sometimes",
    "flinkVersion: v2_2, flinkVersion: v2_9",
    "parallelism: 2, parallelism: many",
    "mode: native, mode: borrowed",
  })
  void aValueOfTheWrongTypeIsRefused(String right, String wrong) {
    assertThat(MANIFEST).contains(right);

    assertThatThrownBy(() -> StrictYaml.read(MANIFEST.replace(right, wrong)))
        .isInstanceOf(JsonProcessingException.class);
  }

  @Test
  void aKeyGivenTwiceIsRefused() {
    String doubled = MANIFEST.replace("  mode: native", "  mode: native\n  mode: standalone");

    assertThatThrownBy(() -> StrictYaml.read(doubled)).hasMessageContaining("Duplicate field");
  }

  @Test
  void anUnknownKindIsRefused() {
    assertThatThrownBy(() -> StrictYaml.read(MANIFEST.replace("v1beta1", "v1alpha1")))
        .hasMessage("no model class for flink.apache.org/v1alpha1/FlinkDeployment");
  }

  @Test
  void everyDocumentOfAFileIsRead() throws IOException {
    assertThat(StrictYaml.read(MANIFEST + "---\n" + MANIFEST)).hasSize(2);
  }

  private static String read() {
    try {
      return Files.readString(Manifests.FOLDER.resolve("generate-cpu.yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
