package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What the {@code config.json} of all families have in common. */
final class FamilyConfig {
  private FamilyConfig() {}

  /** The file's beginning. */
  static ObjectNode of(String modelClass, String modelType) {
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.putArray("architectures").add(modelClass);
    return config.put("model_type", modelType);
  }

  /** Adds the keys that are the same everywhere. */
  static void common(ObjectNode config, SyntheticSpec spec, double epsilon, double theta) {
    config.put("bos_token_id", 0);
    config.put("eos_token_id", 0);
    config.put("hidden_act", "silu");
    config.put("hidden_size", spec.hidden());
    config.put("max_position_embeddings", spec.maxPositions());
    config.put("num_attention_heads", spec.heads());
    config.put("num_experts_per_tok", spec.expertsPerToken());
    config.put("num_hidden_layers", spec.layers());
    config.put("num_key_value_heads", spec.kvHeads());
    config.put("rms_norm_eps", epsilon);
    config.put("rope_theta", theta);
    config.put("tie_word_embeddings", false);
    config.put("torch_dtype", "bfloat16");
    config.put("vocab_size", spec.vocabulary());
  }

  /**
   * Adds the width of a head where it does not follow from the model's: published files omit it.
   */
  static void headDim(ObjectNode config, SyntheticSpec spec) {
    if (spec.heads() * spec.headDim() != spec.hidden()) {
      config.put("head_dim", spec.headDim());
    }
  }
}
