package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RouterConfig;

/**
 * OLMoE (Muennighoff et al., arXiv 2409.02060): queries and keys normalised over all heads at once,
 * 64 small experts.
 */
final class OlmoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "olmoe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2048, 16, 4096);
    keys.requireFullAttention();
    GroupedQueryAttention attention =
        keys.attention(16, 16, 10_000)
            .qkNorm(QkNorm.WHOLE)
            .clip(config.number("clip_qkv", 0, 0, Float.MAX_VALUE))
            .build();
    int experts = keys.experts(64, "num_experts", "num_local_experts");
    int width = keys.width("intermediate_size", 2048);
    MoeConfig moe =
        MoeConfig.of(
            experts,
            keys.expertsPerToken("num_experts_per_tok", 8, experts),
            width,
            RouterConfig.softmax(config.flag("norm_topk_prob", false)));
    return keys.model(
        modelType(),
        50_304,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(attention, layer -> true),
        moe,
        width);
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model);
  }
}
