package dev.drey.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.ModelChecks;
import dev.drey.runtime.residency.ExpertLoadException;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import dev.drey.runtime.sampling.LogitsException;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that only show what is wrong with them when an engine opens or uses them. */
class HostileModelEngineTest {
  private static final ModelChecks FINITE = new ModelChecks(true, false);

  private final Path dir;

  HostileModelEngineTest(@TempDir Path root) {
    this.dir = Fixtures.copy(TestEngines.GOLDEN, root.resolve("model"));
  }

  @Test
  void aResidentWeightThatIsNotFiniteIsRefusedBeforeTheFirstRecord() throws IOException {
    TensorRegion query = damage("model.layers.1.self_attn.q_proj.weight");
    assertThatThrownBy(() -> MoeEngine.open(config().withChecks(FINITE)))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(query.file() + ": tensor '" + query.name() + "': expected finite")
        .hasMessageContaining("found NaN at number 3, index [0, 3]");
    MoeEngine.open(config()).close();
  }

  @Test
  void anExpertThatIsNotFiniteFailsTheStepThatNeedsItWithFileTensorAndPlace() throws IOException {
    for (int index = 0; index < 16; index++) {
      damage("model.layers.1.mlp.experts." + index + ".up_proj.weight");
    }
    try (MoeEngine engine = MoeEngine.open(config().withChecks(FINITE))) {
      assertThatThrownBy(() -> generate(engine))
          .isInstanceOf(ExpertLoadException.class)
          .hasMessageContaining("could not be loaded: " + dir)
          .hasMessageContaining("up_proj.weight': expected finite numbers, found NaN at number 3");
      assertThat(engine.failed()).isTrue();
    }
    try (MoeEngine engine = MoeEngine.open(config())) {
      assertThatThrownBy(() -> generate(engine))
          .isInstanceOf(LogitsException.class)
          .hasMessageContaining("the largest logit is NaN");
    }
  }

  @Test
  void aFileWrittenOverWhileTheEngineRunsFailsTheStepInsteadOfMixingTwoModels() throws IOException {
    try (MoeEngine engine = MoeEngine.open(config())) {
      try (Checkpoint model = Checkpoint.open(dir)) {
        for (TensorRegion tensor : model.tensors()) {
          Fixtures.overwrite(tensor, 0, 0, 0);
        }
      }
      assertThatThrownBy(() -> generate(engine))
          .isInstanceOf(ExpertLoadException.class)
          .hasMessageContaining("could not be loaded: " + dir)
          .hasMessageContaining("Something changed the file while it was in use");
    }
  }

  @Test
  void aTokenizerWithMoreTokensThanTheModelHasEmbeddingsIsRefusedWithBothNumbers()
      throws IOException {
    Files.copy(Fixtures.sampleModel().resolve("tokenizer.json"), dir.resolve("tokenizer.json"));
    assertThatThrownBy(() -> MoeEngine.open(config()))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tokenizer.json: vocabulary: expected ids below the model's")
        .hasMessageContaining("vocabulary of 320, found ids up to 4095");
  }

  @Test
  void aTokenizerThatIsALinkToNothingIsNotTakenForNone() throws IOException {
    Files.createSymbolicLink(dir.resolve("tokenizer.json"), Path.of("nowhere.json"));
    assertThatThrownBy(() -> MoeEngine.open(config()))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tokenizer.json: expected a file, found none");
  }

  private EngineConfig config() {
    return TestEngines.golden(dir, "25%");
  }

  private static void generate(MoeEngine engine) {
    Sequence sequence =
        Sequence.fresh(
            SequenceRequest.generate("r", new int[] {5, 6, 7, 8}, SamplingParams.greedy(4)));
    new DecodeLoop(engine).run(List.of(sequence).iterator(), done -> {});
  }

  /** Makes the fourth value of a tensor NaN. */
  private TensorRegion damage(String name) {
    try (Checkpoint model = Checkpoint.open(dir)) {
      TensorRegion tensor =
          model.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
      Fixtures.overwrite(tensor, 2 * 3, 0xc0, 0x7f);
      return tensor;
    }
  }
}
