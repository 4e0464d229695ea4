package dev.drey.runtime.checkpoint;

import java.util.List;

/** The architectures that can be read. */
final class Architectures {
  private static final List<Architecture> ALL =
      List.of(
          new DeepseekV2Architecture(),
          new DeepseekV3Architecture(),
          new Dots1Architecture(),
          new Ernie45MoeArchitecture(),
          new Glm4MoeArchitecture(),
          new GptOssArchitecture(),
          new GraniteMoeArchitecture(),
          new HunYuanMoeArchitecture(),
          new Llama4Architecture(),
          new MixtralArchitecture(),
          new OlmoeArchitecture(),
          new PhimoeArchitecture(),
          new Qwen2MoeArchitecture(),
          new Qwen3MoeArchitecture(),
          new Qwen3NextArchitecture());

  private Architectures() {}

  /**
   * The architecture of a {@code config.json}.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if it is not supported, naming those
   *     that are
   */
  static Architecture of(JsonConfig config) {
    String modelType = config.text("model_type");
    List<String> classes = config.texts("architectures");
    if (!classes.isEmpty() && classes.stream().noneMatch(Architectures::generates)) {
      throw config.notImplemented("architectures", "a class that generates text");
    }
    for (Architecture architecture : ALL) {
      if (architecture.modelType().equals(modelType)) {
        return architecture;
      }
    }
    throw config.refuse(
        "model_type",
        "one of " + ALL.stream().map(Architecture::modelType).toList(),
        "Use a model of a supported architecture.");
  }

  private static boolean generates(String modelClass) {
    return modelClass.endsWith("ForCausalLM") || modelClass.endsWith("ForConditionalGeneration");
  }
}
