package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CanonicalNamesTest {
  private static CanonicalNames of(String... names) {
    Map<String, TensorRegion> regions = new LinkedHashMap<>();
    for (String name : names) {
      regions.put(name, new TensorRegion(name, Path.of("f"), DType.BF16, new long[] {1}, 0, 2));
    }
    return new CanonicalNames(regions);
  }

  @Test
  void usualNamesStay() {
    CanonicalNames names =
        of("model.embed_tokens.weight", "model.layers.0.x", "lm_head.weight", "vision.x");
    assertThat(names.byName())
        .containsOnlyKeys(
            "model.embed_tokens.weight", "model.layers.0.x", "lm_head.weight", "vision.x");
    assertThat(names.isOutside("vision.x")).as("of a model for text alone").isFalse();
  }

  @Test
  void aWrappedModelIsUnwrappedWithItsHead() {
    CanonicalNames names =
        of(
            "language_model.model.embed_tokens.weight",
            "language_model.model.layers.0.x",
            "language_model.lm_head.weight",
            "vision_model.x");
    assertThat(names.byName())
        .containsOnlyKeys(
            "model.embed_tokens.weight", "model.layers.0.x", "lm_head.weight", "vision_model.x");
    assertThat(names.byName().get("model.layers.0.x"))
        .extracting(TensorRegion::name)
        .isEqualTo("language_model.model.layers.0.x");
    assertThat(names.isOutside("vision_model.x")).isTrue();
    assertThat(names.isOutside("model.layers.0.x")).isFalse();
  }

  @Test
  void aModelWithinAModelIsUnwrappedToo() {
    CanonicalNames names =
        of(
            "model.language_model.embed_tokens.weight",
            "model.language_model.norm.weight",
            "model.visual.x",
            "lm_head.weight");
    assertThat(names.byName())
        .containsOnlyKeys(
            "model.embed_tokens.weight", "model.norm.weight", "model.visual.x", "lm_head.weight");
    assertThat(names.isOutside("model.visual.x")).isTrue();
  }

  @Test
  void twoTensorsOfOneCanonicalNameAreRefused() {
    assertThatThrownBy(
            () ->
                of(
                    "language_model.model.embed_tokens.weight",
                    "language_model.model.layers.0.x",
                    "model.layers.0.x"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("tensor 'model.layers.0.x': expected one tensor for")
        .hasMessageContaining("found a second besides 'language_model.model.layers.0.x'");
  }
}
