package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RouterConfig;

/**
 * Qwen3-MoE: grouped-query attention with a norm per query and key head, a softmax router, SwiGLU
 * experts, optionally layers without experts.
 */
final class Qwen3MoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2048, 24, 32_768);
    keys.requireFullAttention();
    boolean windowed = config.flag("use_sliding_window", false);
    GroupedQueryAttention attention =
        keys.attention(32, 4, 10_000)
            .qkNorm(QkNorm.HEAD)
            .visible(windowed ? keys.slidingWindow() : KeyRange.ALL)
            .build();
    int experts = keys.experts(128, "num_experts", "num_local_experts");
    MoeConfig moe =
        MoeConfig.of(
            experts,
            keys.expertsPerToken("num_experts_per_tok", 8, experts),
            keys.width("moe_intermediate_size", 768),
            RouterConfig.softmax(config.flag("norm_topk_prob", false)));
    return keys.model(
        modelType(),
        151_936,
        false,
        keys.rmsNorm(1e-6),
        keys.layers(attention, keys.routedBySparseStep()),
        moe,
        keys.width("intermediate_size", 6144));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model);
  }
}
