package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * gpt-oss in bfloat16: sinks, every other layer in a sliding window, biases throughout, experts
 * fused into two tensors of {@code [experts, inputs, outputs]}.
 */
final class GptOssFamily implements Family {
  private static final int WINDOW = 128;
  private static final String EXPERTS = "mlp.experts.";

  @Override
  public void require(SyntheticSpec spec) {
    SyntheticSpec.require(
        spec.intermediate() % 4 == 0,
        "the width of an expert must be a multiple of 4, not " + spec.intermediate());
  }

  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    int hidden = spec.hidden();
    int width = spec.intermediate();
    int experts = spec.experts();
    int keys = spec.kvHeads() * spec.headDim();
    return TensorList.layer(spec, layer)
        .attention()
        .zeros("self_attn.q_proj.bias", (long) spec.heads() * spec.headDim())
        .zeros("self_attn.k_proj.bias", keys)
        .zeros("self_attn.v_proj.bias", keys)
        .zeros("self_attn.o_proj.bias", hidden)
        .zeros("self_attn.sinks", spec.heads())
        .router("mlp.router.weight")
        .zeros("mlp.router.bias", experts)
        .inner(EXPERTS + "gate_up_proj", hidden, new long[] {experts, hidden, 2L * width})
        .zeros(EXPERTS + "gate_up_proj_bias", experts, 2L * width)
        .ontoStream(EXPERTS + "down_proj", width, new long[] {experts, width, hidden})
        .zeros(EXPERTS + "down_proj_bias", experts, hidden)
        .tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("GptOssForCausalLM", "gpt_oss");
    FamilyConfig.common(config, spec, 1e-5, 150_000);
    config.put("attention_bias", true);
    config.put("experts_per_token", spec.expertsPerToken());
    config.put("head_dim", spec.headDim());
    config.put("initial_context_length", spec.maxPositions());
    config.put("intermediate_size", spec.intermediate());
    ArrayNode types = config.putArray("layer_types");
    for (int layer = 0; layer < spec.layers(); layer++) {
      types.add(layer % 2 == 0 ? "sliding_attention" : "full_attention");
    }
    config.put("num_local_experts", spec.experts());
    config.putNull("rope_scaling");
    config.put("sliding_window", WINDOW);
    config.put("swiglu_limit", 7.0);
    return config;
  }
}
