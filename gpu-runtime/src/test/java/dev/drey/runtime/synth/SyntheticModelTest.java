package dev.drey.runtime.synth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticModelTest {
  private static final SyntheticSpec SMALL =
      new SyntheticSpec(64, 3, 16, 4, 32, 4, 2, 16, 600, 512, 7);

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path temp;

  private static Map<String, Integer> contents(Path directory) throws IOException {
    Map<String, Integer> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      files.forEach(
          file -> {
            try {
              hashes.put(
                  String.valueOf(file.getFileName()), Arrays.hashCode(Files.readAllBytes(file)));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return hashes;
  }

  @Test
  void theSameSpecificationGivesTheSameBytesAndAnotherSeedOthers() throws IOException {
    SyntheticModel.write(SMALL, temp.resolve("a"));
    SyntheticModel.write(SMALL, temp.resolve("b"));
    SyntheticModel.write(
        new SyntheticSpec(64, 3, 16, 4, 32, 4, 2, 16, 600, 512, 8), temp.resolve("c"));
    Map<String, Integer> a = contents(temp.resolve("a"));
    Map<String, Integer> c = contents(temp.resolve("c"));
    assertThat(a)
        .containsOnlyKeys(
            "config.json",
            "model-00001-of-00004.safetensors",
            "model-00002-of-00004.safetensors",
            "model-00003-of-00004.safetensors",
            "model-00004-of-00004.safetensors",
            "model.safetensors.index.json",
            "tokenizer.json");
    assertThat(contents(temp.resolve("b"))).isEqualTo(a);
    a.forEach(
        (name, hash) ->
            assertThat(hash.equals(c.get(name)))
                .as("%s is the same for another seed", name)
                .isEqualTo(!name.endsWith(".safetensors")));
  }

  /**
   * Measurements of earlier versions name models by their flags: those must stay what they were.
   */
  @Test
  void withoutFamilyAndHabitsTheBytesAreThoseOfEarlierVersions()
      throws IOException, NoSuchAlgorithmException {
    SyntheticModel.write(SMALL, temp);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (String name : contents(temp).keySet()) {
      digest.update(Files.readAllBytes(temp.resolve(name)));
    }
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo("5b733b38f7901c4631aeb828843f113c285455e98466893dfacd77ebc34d1c30");
  }

  @Test
  void itOpensAsAnyCheckpointWithTheSizesAskedFor() throws IOException {
    SyntheticModel.write(SMALL, temp);
    try (Checkpoint checkpoint = Checkpoint.open(temp)) {
      ModelConfig model = checkpoint.config();
      assertThat(model.hidden()).isEqualTo(64);
      assertThat(model.layers()).isEqualTo(3);
      assertThat(model.moeLayers()).isEqualTo(3);
      assertThat(model.moe().experts()).isEqualTo(16);
      assertThat(model.moe().expertsPerToken()).isEqualTo(4);
      assertThat(model.moe().intermediate()).isEqualTo(32);
      GroupedQueryAttention attention = (GroupedQueryAttention) model.attention(0);
      assertThat(attention.heads()).isEqualTo(4);
      assertThat(attention.kvHeads()).isEqualTo(2);
      assertThat(attention.headDim()).isEqualTo(16);
      assertThat(model.vocabulary()).isEqualTo(600);
      assertThat(model.maxPositions()).isEqualTo(512);
      assertThat(checkpoint.summary().totalExperts() * checkpoint.summary().expertBytes())
          .isEqualTo(SMALL.expertBytes());
      assertThat(checkpoint.global(Weight.OUTPUT).region().name()).isEqualTo("lm_head.weight");
    }
  }

  @Test
  void itsTokenizerGivesOneIdPerByteAndTakesThemBack() throws IOException {
    SyntheticModel.write(SMALL, temp);
    try (Tokenizer tokenizer = Tokenizer.open(temp)) {
      String text = "Nuts & büche\n\t— 松鼠";
      int[] ids = tokenizer.encode(text);
      assertThat(ids).hasSize(text.getBytes(StandardCharsets.UTF_8).length);
      assertThat(tokenizer.decode(ids, true)).isEqualTo(text);
      assertThat(tokenizer.vocabulary()).isEqualTo(600);
      assertThat(tokenizer.decode(new int[] {599}, true)).isEqualTo(" w599");
    }
  }

  @Test
  void dimensionsThatFitNoModelAreRefusedWithTheRule() {
    assertThatThrownBy(() -> new SyntheticSpec(64, 1, 4, 2, 32, 4, 2, 16, 511, 512, 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 512 ids, not 511");
    assertThatThrownBy(() -> new SyntheticSpec(64, 1, 4, 5, 32, 4, 2, 16, 512, 512, 7))
        .hasMessageContaining("from 1 to 4, not 5");
    assertThatThrownBy(() -> new SyntheticSpec(64, 1, 4, 2, 32, 4, 3, 16, 512, 512, 7))
        .hasMessageContaining("4 query heads cannot be shared evenly by 3");
    assertThatThrownBy(() -> new SyntheticSpec(64, 1, 4, 2, 32, 4, 2, 15, 512, 512, 7))
        .hasMessageContaining("even, not 15");
  }

  @Test
  void theDefaultHasTheSizeItPromises() {
    assertThat(SyntheticSpec.DEFAULT.expertBytes()).isEqualTo(1_610_612_736L);
  }
}
