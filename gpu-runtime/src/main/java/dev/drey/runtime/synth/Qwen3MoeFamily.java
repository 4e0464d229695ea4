package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Qwen3-MoE: a norm per query and key head. */
final class Qwen3MoeFamily implements Family {
  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    return TensorList.layer(spec, layer)
        .ones("self_attn.q_norm.weight", spec.headDim())
        .ones("self_attn.k_norm.weight", spec.headDim())
        .attention()
        .router("mlp.gate.weight")
        .experts()
        .tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("Qwen3MoeForCausalLM", "qwen3_moe");
    config.put("attention_bias", false);
    config.put("bos_token_id", 0);
    config.put("eos_token_id", 0);
    config.put("decoder_sparse_step", 1);
    config.put("head_dim", spec.headDim());
    config.put("hidden_act", "silu");
    config.put("hidden_size", spec.hidden());
    config.put("intermediate_size", 4 * spec.hidden());
    config.put("max_position_embeddings", spec.maxPositions());
    config.putArray("mlp_only_layers");
    config.put("moe_intermediate_size", spec.intermediate());
    config.put("norm_topk_prob", true);
    config.put("num_attention_heads", spec.heads());
    config.put("num_experts", spec.experts());
    config.put("num_experts_per_tok", spec.expertsPerToken());
    config.put("num_hidden_layers", spec.layers());
    config.put("num_key_value_heads", spec.kvHeads());
    config.put("rms_norm_eps", 1e-6);
    config.putNull("rope_scaling");
    config.put("rope_theta", 10_000.0);
    config.put("tie_word_embeddings", false);
    config.put("torch_dtype", "bfloat16");
    config.put("use_sliding_window", false);
    config.put("vocab_size", spec.vocabulary());
    return config;
  }
}
