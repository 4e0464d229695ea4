package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
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
      assertThat(model.config())
          .isEqualTo(
              new ModelConfig(
                  "qwen3_moe",
                  320,
                  64,
                  3,
                  512,
                  1e-6f,
                  false,
                  new AttentionConfig(4, 2, 32, true, 1e6),
                  new MoeConfig(16, 4, 40, true),
                  new BitSet(),
                  96));
      assertThat(model.outputProjection()).map(TensorRegion::name).contains("lm_head.weight");
      assertThat(model.layer(2).query().describe()).isEqualTo("BF16 [128, 64]");
      assertThat(model.layer(2).keyNorm()).map(TensorRegion::describe).contains("BF16 [32]");
      assertThat(model.layer(2).router()).map(TensorRegion::describe).contains("BF16 [16, 64]");
      assertThat(model.layer(2).dense()).isEmpty();
      ExpertTensors expert = model.expert(new ExpertId(2, 15));
      assertThat(expert.down().name()).isEqualTo("model.layers.2.mlp.experts.15.down_proj.weight");
      assertThat(expert.down().describe()).isEqualTo("BF16 [64, 40]");
      assertThat(expert.bytes()).isEqualTo(3 * 64 * 40 * 2);
      assertThat(model.tensors()).hasSize((int) WeightPlan.count(model.config()));
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
      assertThat(model.outputProjection()).isEmpty();
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
      for (TensorRegion region :
          List.of(model.embedding(), model.finalNorm(), model.expert(new ExpertId(1, 3)).up())) {
        ByteBuffer dst = ByteBuffer.allocateDirect((int) region.bytes() - 2);
        model.read(region, 2, dst);
        int from = (int) region.offset() + 2;
        assertThat(dst.flip())
            .isEqualTo(
                ByteBuffer.wrap(Files.readAllBytes(region.file()), from, (int) region.bytes() - 2));
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
      assertThat(model.config().denseLayers().stream()).containsExactly(0, 2, 3);
      ExpertTensors dense = model.layer(3).dense().orElseThrow();
      assertThat(dense.gate().name()).isEqualTo("model.layers.3.mlp.gate_proj.weight");
      assertThat(dense.gate().describe()).isEqualTo("BF16 [96, 64]");
      assertThat(model.layer(3).router()).isEmpty();
      assertThat(model.layer(1).router()).isPresent();
      assertThat(model.tensors()).hasSize((int) WeightPlan.count(model.config()));
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
    assertRefused("tensor '" + QUERY + "': expected BF16 [128, 64], found no such tensor");
  }

  @Test
  void aWeightOfAnotherShapeIsRefusedWithBoth() throws IOException {
    TensorSpec transposed = new TensorSpec(QUERY, DType.BF16, new long[] {64, 128});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, transposed));
    assertRefused("tensor '" + QUERY + "': expected BF16 [128, 64], found BF16 [64, 128]");
  }

  @Test
  void aMatrixOfAnotherTypeIsRefusedAndANormInFloat32IsNot() throws IOException {
    TensorSpec query = new TensorSpec(QUERY, DType.F32, new long[] {128, 64});
    TestModel.write(dir, json -> {}, TestModel.replacing(QUERY, query));
    assertRefused("found F32 [128, 64]. This element type is not supported");

    String router = "model.layers.0.mlp.gate.weight";
    TensorSpec f16 = new TensorSpec(router, DType.F16, new long[] {16, 64});
    TestModel.write(dir, json -> {}, TestModel.replacing(router, f16));
    assertRefused("tensor '" + router + "': expected F32 or BF16 [16, 64], found F16");

    TensorSpec f32 = new TensorSpec(router, DType.F32, new long[] {16, 64});
    TensorSpec norm = new TensorSpec("model.norm.weight", DType.F32, new long[] {64});
    TestModel.write(
        dir,
        json -> {},
        specs ->
            TestModel.replacing(router, f32)
                .apply(TestModel.replacing("model.norm.weight", norm).apply(specs)));
    try (Checkpoint model = Checkpoint.open(dir)) {
      assertThat(model.layer(0).router()).map(TensorRegion::type).contains(DType.F32);
      assertThat(model.finalNorm().type()).isEqualTo(DType.F32);
    }
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
      assertThat(model.outputProjection()).isEmpty();
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
    assertRefused("expected 1966170003 tensors, as config.json says, found 174 tensors");
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
  void closingTwiceIsHarmlessAndAClosedModelCannotBeRead() {
    Checkpoint model = Checkpoint.open(Fixtures.golden("qwen3_moe"));
    model.close();
    model.close();
    assertThatThrownBy(() -> model.read(model.embedding(), 0, ByteBuffer.allocate(1)))
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
