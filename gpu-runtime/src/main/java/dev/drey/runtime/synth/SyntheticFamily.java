package dev.drey.runtime.synth;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The kinds of checkpoints that can be made up, by the {@code model_type} of the published ones.
 */
public enum SyntheticFamily {
  QWEN3_MOE(new Qwen3MoeFamily()),
  QWEN2_MOE(new Qwen2MoeFamily()),
  MIXTRAL(new MixtralFamily()),
  OLMOE(new OlmoeFamily()),
  DEEPSEEK_V2(new DeepseekV2Family()),
  DEEPSEEK_V3(new DeepseekV3Family()),
  GPT_OSS(new GptOssFamily());

  @SuppressWarnings("ImmutableEnumChecker") // families have no state
  private final Family layout;

  SyntheticFamily(Family layout) {
    this.layout = layout;
  }

  /** The {@code model_type}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All labels. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(SyntheticFamily::label).toList();
  }

  /**
   * The family of a label.
   *
   * @throws IllegalArgumentException if there is none, naming those that there are
   */
  public static SyntheticFamily named(String label) {
    return Arrays.stream(values())
        .filter(family -> family.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "synthetic model: unknown family '%s'; there are %s"
                        .formatted(label, labels())));
  }

  /** Key/value heads of a model of so many query heads, where none are asked for. */
  public int kvHeads(int heads) {
    return layout.kvHeads(heads);
  }

  Family layout() {
    return layout;
  }
}
