package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.Sha256;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration files of a model say, weights aside.
 *
 * @param config the network
 * @param names what its tensors are called
 * @param quantisation how numbers with scales are stored
 * @param generation how it wants to generate
 */
record ModelDescription(
    ModelConfig config,
    TensorNames names,
    Quantisation quantisation,
    GenerationDefaults generation) {
  private static final String CONFIG = "config.json";
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String TEXT_CONFIG = "text_config";
  private static final int MAX_BYTES = 4 << 20;

  /**
   * Reads the configuration files. Of a model that also sees or hears, only the part for text.
   *
   * @param digest gets their content
   * @throws dev.drey.runtime.safetensors.ModelFileException if one is missing, damaged, or asks for
   *     something that is not implemented
   */
  static ModelDescription read(ModelDirectory directory, Sha256 digest) {
    JsonConfig json = parse(directory, CONFIG, digest);
    JsonConfig text = json.object(TEXT_CONFIG).orElse(json);
    Architecture architecture = Architectures.of(text);
    ModelConfig config = architecture.read(text);
    @Nullable JsonConfig generation =
        directory.has(GENERATION_CONFIG) ? parse(directory, GENERATION_CONFIG, digest) : null;
    return new ModelDescription(
        config,
        architecture.names(config, text),
        Quantisation.read(json),
        GenerationDefaults.read(generation, text, config.vocabulary()));
  }

  private static JsonConfig parse(ModelDirectory directory, String name, Sha256 digest) {
    byte[] content = directory.read(name, MAX_BYTES);
    digest.add(name, content);
    return JsonConfig.parse(directory.file(name), content);
  }
}
