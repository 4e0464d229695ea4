package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ModelConfig;

/**
 * One kind of model: how to understand its {@code config.json}, and what its tensors are called.
 * Stateless. A new architecture is one class of this type and its entry in {@link Architectures}.
 */
interface Architecture {
  /** The value of {@code model_type} that selects it. */
  String modelType();

  /**
   * Reads the description of the network.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if a value is missing, impossible, or
   *     asks for something that is not implemented, naming key and value
   */
  ModelConfig read(JsonConfig config);

  /** Tensor names of a model that {@link #read} described. */
  TensorNames names(ModelConfig model, JsonConfig config);
}
