package dev.drey.runtime.synth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.model.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticFamilyTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  /** Keys of ours that only newer published files of the family have. */
  private static final Set<String> NEWER = Set.of("head_dim");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path temp;

  /** Small dimensions that the family can have. */
  private static SyntheticSpec small(SyntheticFamily family, int layers) {
    return new SyntheticSpec(
        64, layers, 16, 4, 32, 4, Math.min(family.kvHeads(4), 4), 16, 600, 512, 7);
  }

  @ParameterizedTest
  @EnumSource(SyntheticFamily.class)
  void everyFamilyOpensWithTheSizesAskedFor(SyntheticFamily family) throws IOException {
    SyntheticSpec spec = small(family, 3);
    SyntheticModel.write(family, spec, SyntheticRouting.NONE, temp);
    try (Checkpoint checkpoint = Checkpoint.open(temp)) {
      ModelConfig model = checkpoint.config();
      int first = family.layout().firstRoutedLayer();
      assertThat(model.architecture()).isEqualTo(family.label());
      assertThat(model.hidden()).isEqualTo(64);
      assertThat(model.layers()).isEqualTo(3);
      assertThat(model.moeLayers()).isEqualTo(3 - first);
      assertThat(model.isMoe(0)).isEqualTo(first == 0);
      assertThat(model.moe().experts()).isEqualTo(16);
      assertThat(model.moe().expertsPerToken()).isEqualTo(4);
      assertThat(model.moe().intermediate()).isEqualTo(32);
      assertThat(model.vocabulary()).isEqualTo(600);
      assertThat(model.maxPositions()).isEqualTo(512);
    }
  }

  @ParameterizedTest
  @EnumSource(SyntheticFamily.class)
  void itsTensorsAndKeysAreThoseOfModelsThatTransformersWrote(SyntheticFamily family)
      throws IOException {
    SyntheticModel.write(family, small(family, 3), SyntheticRouting.NONE, temp);
    Path golden =
        GOLDEN.resolve(family == SyntheticFamily.DEEPSEEK_V2 ? "deepseek_v2_lite" : family.label());

    assertThat(tensors(temp)).isEqualTo(tensors(golden));
    JsonNode ours = config(temp);
    JsonNode theirs = config(golden);
    assertThat(ours.get("architectures")).isEqualTo(theirs.get("architectures"));
    assertThat(ours.get("model_type")).isEqualTo(theirs.get("model_type"));
    Set<String> known = names(theirs);
    known.addAll(NEWER);
    assertThat(known).containsAll(names(ours));
  }

  @ParameterizedTest
  @EnumSource(SyntheticFamily.class)
  void theSameArgumentsGiveTheSameBytes(SyntheticFamily family) throws IOException {
    SyntheticRouting routing = new SyntheticRouting(1, 4, 0.5, 0.5);
    SyntheticSpec spec = small(family, 2);
    SyntheticModel.write(family, spec, routing, temp.resolve("a"));
    SyntheticModel.write(family, spec, routing, temp.resolve("b"));
    for (Path file : files(temp.resolve("a"))) {
      assertThat(temp.resolve("b").resolve(file.getFileName())).hasSameBinaryContentAs(file);
    }
  }

  @Test
  void dimensionsThatAFamilyCannotHaveAreRefusedBeforeAnythingIsWritten() {
    Path model = temp.resolve("model");
    SyntheticSpec spec = new SyntheticSpec(64, 1, 16, 4, 32, 4, 4, 16, 600, 512, 7);
    assertThatThrownBy(() -> write(SyntheticFamily.DEEPSEEK_V3, spec, model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 2 layers, not 1");
    SyntheticSpec shared = new SyntheticSpec(64, 2, 16, 4, 32, 4, 2, 16, 600, 512, 7);
    assertThatThrownBy(() -> write(SyntheticFamily.DEEPSEEK_V2, shared, model))
        .hasMessageContaining("name 4, the query heads, or none, not 2");
    SyntheticSpec odd = new SyntheticSpec(64, 2, 16, 4, 30, 4, 4, 16, 600, 512, 7);
    assertThatThrownBy(() -> write(SyntheticFamily.GPT_OSS, odd, model))
        .hasMessageContaining("a multiple of 4, not 30");
    assertThatThrownBy(() -> SyntheticFamily.named("gpt2"))
        .hasMessageContaining("unknown family 'gpt2'; there are [qwen3_moe, ");
    assertThat(model).doesNotExist();
  }

  private static void write(SyntheticFamily family, SyntheticSpec spec, Path model)
      throws IOException {
    SyntheticModel.write(family, spec, SyntheticRouting.NONE, model);
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  private static JsonNode config(Path directory) throws IOException {
    return new ObjectMapper().readTree(directory.resolve("config.json").toFile());
  }

  private static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** Types and ranks of all tensors by name, with every number in a name replaced by one. */
  private static Map<String, String> tensors(Path directory) throws IOException {
    Map<String, String> all = new TreeMap<>();
    List<Path> shards = new ArrayList<>(files(directory));
    shards.removeIf(file -> !file.toString().endsWith(".safetensors"));
    for (Path shard : shards) {
      JsonNode header = header(shard);
      for (String name : names(header)) {
        if (!name.equals("__metadata__")) {
          JsonNode tensor = header.get(name);
          all.put(
              name.replaceAll("\\.\\d+\\.", ".0."),
              tensor.get("dtype").asText() + " of rank " + tensor.get("shape").size());
        }
      }
    }
    return all;
  }

  private static JsonNode header(Path shard) throws IOException {
    try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.READ)) {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(length, 0);
      ByteBuffer json = ByteBuffer.allocate((int) length.getLong(0));
      channel.read(json, Long.BYTES);
      return new ObjectMapper().readTree(json.array());
    }
  }
}
