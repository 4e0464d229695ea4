package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** OLMoE: queries and keys normalised over all heads at once. */
final class OlmoeFamily implements Family {
  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    return TensorList.layer(spec, layer)
        .ones("self_attn.q_norm.weight", (long) spec.heads() * spec.headDim())
        .ones("self_attn.k_norm.weight", (long) spec.kvHeads() * spec.headDim())
        .attention()
        .router("mlp.gate.weight")
        .experts()
        .tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("OlmoeForCausalLM", "olmoe");
    FamilyConfig.common(config, spec, 1e-5, 10_000);
    FamilyConfig.headDim(config, spec);
    config.put("attention_bias", false);
    config.putNull("clip_qkv");
    config.put("intermediate_size", spec.intermediate());
    config.put("norm_topk_prob", false);
    config.put("num_experts", spec.experts());
    config.putNull("rope_scaling");
    return config;
  }
}
