package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Qwen2-MoE: biases on queries, keys and values; a shared expert behind a gate. */
final class Qwen2MoeFamily implements Family {
  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    int keys = spec.kvHeads() * spec.headDim();
    return TensorList.layer(spec, layer)
        .attention()
        .zeros("self_attn.q_proj.bias", (long) spec.heads() * spec.headDim())
        .zeros("self_attn.k_proj.bias", keys)
        .zeros("self_attn.v_proj.bias", keys)
        .router("mlp.gate.weight")
        .inner("mlp.shared_expert_gate.weight", 1, spec.hidden())
        .network("mlp.shared_expert.", shared(spec))
        .experts()
        .tensors();
  }

  /** As wide as four experts, like the published ones. */
  private static int shared(SyntheticSpec spec) {
    return 4 * spec.intermediate();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("Qwen2MoeForCausalLM", "qwen2_moe");
    FamilyConfig.common(config, spec, 1e-6, 1e6);
    FamilyConfig.headDim(config, spec);
    config.put("decoder_sparse_step", 1);
    config.put("intermediate_size", 4 * spec.hidden());
    config.put("moe_intermediate_size", spec.intermediate());
    config.put("norm_topk_prob", false);
    config.put("num_experts", spec.experts());
    config.put("shared_expert_intermediate_size", shared(spec));
    config.put("use_sliding_window", false);
    return config;
  }
}
