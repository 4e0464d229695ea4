package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightClass;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final String QUERY = "model.layers.1.self_attn.q_proj.weight";

  private final Path dir;

  CheckpointTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void opensTheShardedGoldenModel() throws IOException {
    try (Checkpoint model = Checkpoint.open(Fixtures.golden("qwen3_moe"))) {
      ModelConfig config = model.config();
      assertThat(config.architecture()).isEqualTo("qwen3_moe");
      assertThat(config.layers()).isEqualTo(3);
      assertThat(config.attention(2))
          .isEqualTo(
              GroupedQueryAttention.of(4, 2, 32, RotaryConfig.plain(32, 1e6))
                  .qkNorm(QkNorm.HEAD)
                  .build());
      assertThat(config.moe()).isEqualTo(MoeConfig.of(16, 4, 40, RouterConfig.softmax(true)));
      assertThat(model.global(Weight.OUTPUT).region().name()).isEqualTo("lm_head.weight");
      assertThat(model.layer(2, Weight.QUERY).region().describe()).isEqualTo("BF16 [128, 64]");
      assertThat(model.layer(2, Weight.KEY_NORM).region().describe()).isEqualTo("BF16 [32]");
      assertThat(model.layer(2, Weight.ROUTER).region().describe()).isEqualTo("BF16 [16, 64]");
      assertThatThrownBy(() -> model.network(2, Network.DENSE)).hasMessageContaining("DENSE");
      StoredMatrix down = model.expert(new ExpertId(2, 15)).down();
      assertThat(down.region().name()).isEqualTo("model.layers.2.mlp.experts.15.down_proj.weight");
      assertThat(down.shape()).isEqualTo(new MatrixShape(64, 40));
      assertThat(model.summary().expertBytes()).isEqualTo(3 * 64 * 40 * 2);
      assertThat(model.summary().rounded()).isEmpty();
      assertThat(model.generationDefaults())
          .isEqualTo(
              new GenerationDefaults(
                  List.of(2),
                  OptionalInt.of(1),
                  Optional.of(true),
                  OptionalDouble.of(0.6),
                  OptionalInt.of(20),
                  OptionalDouble.of(0.95),
                  OptionalDouble.empty(),
                  OptionalDouble.empty(),
                  OptionalInt.empty()));
    }
  }

  @Test
  void opensTheSampleModelAndCountsItsBytes() throws IOException {
    try (Checkpoint model = Checkpoint.open(Fixtures.sampleModel())) {
      assertThat(model.global(Weight.OUTPUT).region())
          .isEqualTo(model.global(Weight.EMBEDDING).region());
      assertThat(model.generationDefaults().eosTokenIds()).containsExactly(0, 2);
      CheckpointSummary summary = model.summary();
      assertThat(summary.architecture()).isEqualTo("qwen3_moe");
      assertThat(summary.files()).isEqualTo(1);
      assertThat(summary.tensors()).isEqualTo(842);
      assertThat(summary.totalExperts()).isEqualTo(256);
      assertThat(summary.expertBytes()).isEqualTo(3 * 128 * 256 * 2);
      assertThat(summary.bytes())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  WeightClass.EMBEDDING, 4096L * 256 * 2,
                  WeightClass.ATTENTION, 8L * (2 * 256 * 256 + 2 * 64 * 256) * 2,
                  WeightClass.NORM, (8L * (2 * 256 + 2 * 32) + 256) * 2,
                  WeightClass.ROUTER, 8L * 32 * 256 * 2,
                  WeightClass.EXPERT, 256L * 3 * 128 * 256 * 2,
                  WeightClass.FEED_FORWARD, 0L,
                  WeightClass.OUTPUT, 0L));
      long inFile = model.tensors().stream().mapToLong(TensorRegion::bytes).sum();
      assertThat(summary.totalBytes()).isEqualTo(inFile);
    }
  }

  @Test
  void readsTheBytesThatTheFileHasAtATensorsPlace() throws IOException {
    try (Checkpoint model = Checkpoint.open(Fixtures.golden("qwen3_moe"))) {
      for (StoredMatrix stored :
          List.of(
              model.global(Weight.EMBEDDING),
              model.layer(2, Weight.VALUE),
              model.expert(new ExpertId(1, 3)).up())) {
        int rowBytes = stored.shape().inputs() * 2;
        int rows = stored.shape().outputs() - 1;
        ByteBuffer dst = ByteBuffer.allocateDirect(rows * rowBytes);
        stored.read(1, rows, dst);
        int from = (int) stored.region().offset() + rowBytes;
        byte[] file = Files.readAllBytes(stored.region().file());
        assertThat(dst.flip()).isEqualTo(ByteBuffer.wrap(file, from, rows * rowBytes));
      }
    }
  }

  @Test
  void aLayerWithoutExpertsHasOnePlainNetworkAndNoRouter() throws IOException {
    TestModel.write(
        dir,
        json -> {
          json.put("num_hidden_layers", 4).put("decoder_sparse_step", 2);
          json.withArray("mlp_only_layers").add(3);
        },
        UnaryOperator.identity());
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(IntStream.range(0, 4).filter(layer -> !model.config().isMoe(layer)))
          .containsExactly(0, 2, 3);
      ExpertTensors dense = model.network(3, Network.DENSE);
      assertThat(dense.gate().region().name()).isEqualTo("model.layers.3.mlp.gate_proj.weight");
      assertThat(dense.gate().region().describe()).isEqualTo("BF16 [96, 64]");
      assertThatThrownBy(() -> model.layer(3, Weight.ROUTER)).hasMessageContaining("ROUTER");
      assertThat(model.layer(1, Weight.ROUTER).shape()).isEqualTo(new MatrixShape(16, 64));
      assertThat(model.summary().moeLayers()).isEqualTo(1);
      assertThatThrownBy(() -> model.expert(new ExpertId(0, 0)))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("L0/E0");
    }
  }

  @Test
  void aMissingWeightIsRefusedByName() throws IOException {
    TestModel.write(
        dir,
        json -> {},
        specs -> specs.stream().filter(spec -> !spec.name().equals(QUERY)).toList());
    assertRefused(
        "tensor '" + QUERY + "': expected F32 or BF16 or F16 [128, 64], found no such tensor");
  }

  @Test
  void aWeightOfAnotherShapeIsRefusedWithBoth() throws IOException {
    TensorSpec transposed = new TensorSpec(QUERY, DType.BF16, new long[] {64, 128});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, transposed));
    assertRefused(
        "tensor '" + QUERY + "': expected F32 or BF16 or F16 [128, 64], found BF16 [64, 128]");
  }

  @Test
  void numbersOfOtherTypesAreRoundedAndSaidToBeOrRefused() throws IOException {
    TensorSpec query = new TensorSpec(QUERY, DType.F32, new long[] {128, 64});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, query));
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.summary().rounded()).containsExactly(DType.F32);
      assertThat(model.layer(1, Weight.QUERY).isExact()).isFalse();
    }
    TensorSpec norm = new TensorSpec("model.norm.weight", DType.F32, new long[] {64});
    TestModel.write(dir, json -> {}, TestModel.replacing("model.norm.weight", norm));
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.summary().rounded()).as("norms keep float32").isEmpty();
    }
    TensorSpec bytes = new TensorSpec(QUERY, DType.U8, new long[] {128, 64});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, bytes));
    assertRefused("found U8 [128, 64]. This element type is not supported");
    TensorSpec scaled = new TensorSpec(QUERY, DType.F8_E4M3, new long[] {128, 64});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, scaled));
    assertRefused("found F8_E4M3 [128, 64]. This element type is not supported");
  }

  @Test
  void aTensorThatTheArchitectureDoesNotKnowIsRefused() throws IOException {
    TensorSpec bias =
        new TensorSpec("model.layers.0.self_attn.q_proj.bias", DType.BF16, new long[] {128});
    TestModel.write(dir, json -> {}, specs -> plus(specs, bias));
    assertRefused("tensor 'model.layers.0.self_attn.q_proj.bias': expected only tensors");
  }

  @Test
  void aStoredOutputProjectionThatIsTiedIsNotUsed() throws IOException {
    TensorSpec stored = new TensorSpec("lm_head.weight", DType.BF16, new long[] {320, 64});
    TestModel.write(
        dir, json -> json.put("tie_word_embeddings", true), specs -> plus(specs, stored));
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.global(Weight.OUTPUT).region().name())
          .isEqualTo("model.embed_tokens.weight");
      assertThat(model.summary().bytes()).containsEntry(WeightClass.OUTPUT, 0L);
    }
  }

  @Test
  void aConfigurationThatAsksForBillionsOfTensorsIsRefusedAtOnce() throws IOException {
    TestModel.write(dir, json -> {}, UnaryOperator.identity());
    String config = Files.readString(dir.resolve("config.json"));
    Files.writeString(
        dir.resolve("config.json"),
        config
            .replace("\"num_hidden_layers\":3", "\"num_hidden_layers\":10000")
            .replace("\"num_experts\":16", "\"num_experts\":65536"));
    assertRefused(
        "tensor 'model.layers.0.mlp.gate.weight': expected F32 or BF16 or F16 [65536, 64], found BF16"
            + " [16, 64]");
  }

  @Test
  void theDigestIsOfTheModelAndNotOfItsPlace() throws IOException {
    Path golden = Fixtures.golden("qwen3_moe");
    String digest = digest(golden);
    assertThat(digest).matches("[0-9a-f]{64}");
    Path copy = Fixtures.copy(golden, dir.resolve("copy"));
    assertThat(digest(copy)).isEqualTo(digest);

    Files.writeString(copy.resolve("README.md"), "other");
    assertThat(digest(copy)).isEqualTo(digest);
    for (String file :
        new String[] {"config.json", "generation_config.json", "model.safetensors.index.json"}) {
      Path changed = Fixtures.copy(golden, dir.resolve(file));
      Files.writeString(changed.resolve(file), Files.readString(changed.resolve(file)) + "\n");
      assertThat(digest(changed)).as(file).isNotEqualTo(digest);
    }
    Files.writeString(copy.resolve("tokenizer.json"), "{}");
    assertThat(digest(copy)).isNotEqualTo(digest);
  }

  @Test
  void endTokensComeFromTheConfigurationWhereNothingElseNamesThem() throws IOException {
    TestModel.write(dir, json -> json.putArray("eos_token_id").add(7).add(5).add(7), s -> s);
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.generationDefaults().eosTokenIds()).containsExactly(5, 7);
      assertThat(model.generationDefaults().temperature()).isEmpty();
    }
    Files.writeString(dir.resolve("generation_config.json"), "{\"temperature\": 0.5}");
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.generationDefaults().eosTokenIds()).containsExactly(5, 7);
      assertThat(model.generationDefaults().temperature()).hasValue(0.5);
    }
    Files.writeString(dir.resolve("generation_config.json"), "{\"eos_token_id\": 320}");
    assertRefused("key 'eos_token_id': expected a whole number from 0 to 319, found '320'");
    Files.writeString(dir.resolve("generation_config.json"), "{\"top_p\": \"high\"}");
    assertRefused("key 'top_p': expected a number from 0.0 to 1.0");
  }

  @Test
  void generationDefaultsThatNoRequestCouldHaveAreRefused() throws IOException {
    TestModel.write(dir, json -> {}, s -> s);
    Path file = dir.resolve("generation_config.json");
    Files.writeString(file, "{\"top_k\": -1, \"top_p\": 1, \"max_new_tokens\": 9}");
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.generationDefaults().topK()).hasValue(0);
      assertThat(model.generationDefaults().topP()).hasValue(1);
      assertThat(model.generationDefaults().maxNewTokens()).hasValue(9);
    }
    Files.writeString(file, "{\"top_p\": 0}");
    assertRefused("key 'top_p': expected a number above 0, at most 1, found '0'");
    Files.writeString(file, "{\"repetition_penalty\": 101}");
    assertRefused("key 'repetition_penalty': expected a number from");
    Files.writeString(file, "{\"max_new_tokens\": 0}");
    assertRefused("key 'max_new_tokens': expected a whole number from 1");
  }

  @Test
  void closingTwiceIsHarmlessAndAClosedModelCannotBeRead() {
    Checkpoint model = Checkpoint.open(Fixtures.golden("qwen3_moe"));
    model.close();
    model.close();
    StoredMatrix embedding = model.global(Weight.EMBEDDING);
    assertThatThrownBy(() -> embedding.read(0, 1, ByteBuffer.allocate(128)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("closed");
  }

  private static String digest(Path directory) {
    try (Checkpoint model = Checkpoint.open(directory)) {
      return model.digest();
    }
  }

  private static List<TensorSpec> plus(List<TensorSpec> specs, TensorSpec more) {
    List<TensorSpec> all = new ArrayList<>(specs);
    all.add(more);
    return all;
  }

  private void assertRefused(String expected) {
    assertThatThrownBy(() -> Checkpoint.open(dir))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(dir.toString())
        .hasMessageContaining(expected);
  }
}
