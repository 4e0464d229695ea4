package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.HostileInput;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that are sound file by file, and wrong as a whole. */
class HostileModelTest {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final ModelChecks FINITE = new ModelChecks(true, false);

  /** What architectures call the number of experts that a token is sent to. */
  private static final List<String> TOP_K =
      List.of(
          "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "moe_k");

  private static final String NORM = "model.norm.weight";
  private static final String DOWN = "model.layers.2.mlp.experts.3.down_proj.weight";
  private static final String FIRST_GATE = "model.layers.0.mlp.experts.0.gate_proj.weight";

  private final Path root;
  private final Path dir;

  HostileModelTest(@TempDir Path root) {
    this.root = root;
    this.dir = Fixtures.copy(Fixtures.golden("qwen3_moe"), root.resolve("model"));
  }

  static Stream<Path> goldenModels() throws IOException {
    try (Stream<Path> entries = Files.list(Fixtures.golden(""))) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("config.json")))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("goldenModels")
  void aTokenThatIsSentToMoreExpertsThanThereAreIsRefused(Path golden) throws IOException {
    Path copy = Fixtures.copy(golden, root.resolve(golden.getFileName().toString()));
    ObjectNode config = (ObjectNode) MAPPER.readTree(copy.resolve("config.json").toFile());
    List<String> keys = TOP_K.stream().filter(config::has).toList();
    assertThat(keys).isNotEmpty();
    for (String key : keys) {
      JsonNode sound = config.get(key);
      for (int wrong : new int[] {0, -1, 1000, Integer.MAX_VALUE}) {
        config.put(key, wrong);
        MAPPER.writeValue(copy.resolve("config.json").toFile(), config);
        assertRefused(copy, "config.json: key '" + key + "': expected", "found '" + wrong + "'");
      }
      config.set(key, sound);
    }
  }

  @Test
  void aTokenThatIsSentToMoreExpertsThanItsGroupsHaveIsRefused() throws IOException {
    Path golden = Fixtures.golden("deepseek_v3");
    ObjectNode config = (ObjectNode) MAPPER.readTree(golden.resolve("config.json").toFile());
    int perToken = config.get("num_experts_per_tok").intValue();
    int experts = config.get("n_routed_experts").intValue();
    Path copy = Fixtures.copy(golden, root.resolve("grouped"));
    config.put("n_group", experts / 2).put("topk_group", (perToken - 1) / 2);
    MAPPER.writeValue(copy.resolve("config.json").toFile(), config);
    assertRefused(copy, "key 'num_experts_per_tok': expected at most the ", "'" + perToken + "'");
    config.put("n_group", experts).put("topk_group", experts);
    MAPPER.writeValue(copy.resolve("config.json").toFile(), config);
    assertRefused(copy, "key 'n_group': expected groups of at least two experts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "generation_config.json", "tokenizer.json"})
  void aDescriptionThatIsALinkOutOfTheDirectoryIsRefused(String name) throws IOException {
    Path outside = Files.writeString(root.resolve("outside.json"), "{}");
    Files.deleteIfExists(dir.resolve(name));
    Files.createSymbolicLink(dir.resolve(name), outside);
    assertRefused(dir, name + ": expected a file inside the model's directory", "a link to");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors.index.json", "tokenizer.json"})
  void aDescriptionOfATerabyteIsRefusedWithoutReadingIt(String name) throws IOException {
    Fixtures.sparse(dir.resolve(name), 1L << 40);
    assertRefused(dir, name + ": expected at most", "found 1099511627776 bytes");
  }

  @Test
  void anExpertThatIsMissingIsRefusedByName() throws IOException {
    Path index = dir.resolve("model.safetensors.index.json");
    String name = "model.layers.1.mlp.experts.7.up_proj.weight";
    Files.writeString(index, Files.readString(index).replace(name, name + "x"));
    assertRefused(dir, "tensor '" + name + "': expected no tensor that the index does not list");
  }

  @Test
  void aWeightThatIsNotFiniteIsRefusedWhenItIsReadIfThatWasAskedFor() throws IOException {
    try (Checkpoint model = Checkpoint.open(dir)) {
      Fixtures.overwrite(tensor(model, NORM), 2 * 5, 0x80, 0xff);
      Fixtures.overwrite(tensor(model, DOWN), 2 * (40 * 7 + 9), 0xc0, 0x7f);
    }
    try (Checkpoint model = Checkpoint.open(dir)) {
      model.readChecked();
      read(model.expert(new ExpertId(2, 3)).down(), 7, 1);
    }
    try (Checkpoint model = Checkpoint.open(dir, FINITE)) {
      assertThatThrownBy(() -> model.global(Weight.FINAL_NORM).floats())
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(
              "tensor 'model.norm.weight': expected finite numbers, found -Infinity at number 5,"
                  + " index [5]");
      StoredMatrix down = model.expert(new ExpertId(2, 3)).down();
      read(down, 0, 7);
      read(down, 8, 56);
      assertThatThrownBy(() -> read(down, 6, 3))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(down.region().file() + ": tensor '" + DOWN + "'")
          .hasMessageContaining("found NaN at number 289, index [7, 9]");
      assertThatThrownBy(model::readChecked)
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("expected finite numbers");
    }
  }

  private static TensorRegion tensor(Checkpoint model, String name) {
    return model.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private static void read(StoredMatrix matrix, int firstRow, int rows) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(rows * matrix.shape().inputs() * Short.BYTES);
    matrix.read(firstRow, rows, target.order(ByteOrder.LITTLE_ENDIAN));
  }

  @ParameterizedTest
  @MethodSource("goldenModels")
  void everyGoldenModelIsFinite(Path golden) throws IOException {
    try (Checkpoint model = Checkpoint.open(golden, FINITE)) {
      model.readChecked();
    }
  }

  @ParameterizedTest
  @MethodSource("goldenModels")
  void aDamagedConfigurationOfAnyArchitectureIsReadOrRefused(Path golden) throws IOException {
    Path copy = Fixtures.copy(golden, root.resolve(golden.getFileName().toString()));
    byte[] sound = Files.readAllBytes(copy.resolve("config.json"));
    Random random = new Random(9);
    int refused = 0;
    for (int i = 0; i < 100; i++) {
      byte[] damaged = HostileInput.damage(sound, random);
      Files.write(copy.resolve("config.json"), damaged);
      String text = new String(damaged, StandardCharsets.ISO_8859_1);
      try {
        refused += HostileInput.reads(copy, () -> Checkpoint.open(copy).close()) ? 0 : 1;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(text, e);
      }
    }
    assertThat(refused).isGreaterThan(30);
  }

  @Test
  void checksumsCoverEveryFileOfTheModelIfTheyWereAskedFor() throws Exception {
    ModelChecks checksums = new ModelChecks(false, true);
    assertThatThrownBy(() -> Checkpoint.open(dir, checksums))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("SHA256SUMS: expected a file");

    Process tool =
        new ProcessBuilder("sh", "-c", "sha256sum * > SHA256SUMS").directory(dir.toFile()).start();
    assertThat(tool.waitFor()).isZero();
    Checkpoint.open(dir, checksums).close();

    try (Checkpoint model = Checkpoint.open(dir)) {
      Fixtures.overwrite(tensor(model, FIRST_GATE), 17, 0x55);
    }
    Checkpoint.open(dir).close();
    assertThatThrownBy(() -> Checkpoint.open(dir, checksums))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("model-00001-of-00002.safetensors: expected SHA-256");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "model.safetensors.index.json",
        "model-00002-of-00002.safetensors"
      })
  void aListOfChecksumsThatLacksAFileOfTheModelIsRefused(String name) throws IOException {
    StringBuilder list = new StringBuilder();
    try (Stream<Path> files = Files.list(dir)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(file -> !file.equals(name))
          .forEach(file -> list.append("0".repeat(64)).append("  ").append(file).append('\n'));
    }
    Files.writeString(dir.resolve("SHA256SUMS"), list);
    assertThatThrownBy(() -> Checkpoint.open(dir, new ModelChecks(false, true)))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("file '" + name + "': expected its checksum, found none");
  }

  private static void assertRefused(Path model, String... expected) {
    assertThatThrownBy(() -> Checkpoint.open(model).close())
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(model.toString())
        .hasMessageContainingAll(expected);
  }
}
