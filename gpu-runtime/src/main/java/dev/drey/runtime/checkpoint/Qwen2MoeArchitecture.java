package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.RouterConfig;

/**
 * Qwen2-MoE: biases on queries, keys and values; a shared expert behind a sigmoid gate beside the
 * routed ones.
 */
final class Qwen2MoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "qwen2_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2048, 24, 32_768);
    keys.requireFullAttention();
    config.requireFlag("use_sliding_window", false);
    GroupedQueryAttention attention =
        keys.attention(16, 16, 10_000).bias(config.flag("qkv_bias", true), false).build();
    int experts = keys.experts(60, "num_experts", "num_local_experts");
    MoeConfig moe =
        MoeConfig.of(
                experts,
                keys.expertsPerToken("num_experts_per_tok", 4, experts),
                keys.width("moe_intermediate_size", 1408),
                RouterConfig.softmax(config.flag("norm_topk_prob", false)))
            .withShared(keys.width("shared_expert_intermediate_size", 5632), true);
    return keys.model(
        modelType(),
        151_936,
        false,
        keys.rmsNorm(1e-6),
        keys.layers(attention, keys.routedBySparseStep()),
        moe,
        keys.width("intermediate_size", 5632));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model).networks(Network.SHARED, "mlp.shared_expert.");
  }
}
