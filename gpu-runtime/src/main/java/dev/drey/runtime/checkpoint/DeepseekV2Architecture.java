package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.RouterConfig.GroupScore;

/**
 * DeepSeek-V2 (arXiv 2405.04434): latent attention; a softmax router, experts perhaps in groups by
 * their best, shared experts.
 */
final class DeepseekV2Architecture implements Architecture {
  @Override
  public String modelType() {
    return "deepseek_v2";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 32, 2048);
    keys.requireFullAttention();
    LatentAttention attention = LatentKeys.read(config, keys, 32, 1536, true);
    config.requireText("scoring_func", "softmax");
    RouterConfig router =
        RouterConfig.softmax(false).withScale(config.number("routed_scaling_factor", 1, 0, 1e6));
    String method = config.optionalText("topk_method").orElse("greedy");
    int experts = keys.experts(64, "n_routed_experts", "num_experts");
    int expertsPerToken = keys.expertsPerToken("num_experts_per_tok", 6, experts);
    if (method.equals("group_limited_greedy")) {
      router = BalancedMoe.grouped(config, router, experts, expertsPerToken, 1, 1, GroupScore.BEST);
    } else if (!method.equals("greedy")) {
      throw config.notImplemented("topk_method", "'greedy' or 'group_limited_greedy'");
    }
    int width = keys.width("moe_intermediate_size", 1407);
    MoeConfig moe =
        MoeConfig.of(experts, expertsPerToken, width, router)
            .withShared(keys.optionalWidth("n_shared_experts", 2) * width, false);
    return keys.model(
        modelType(),
        102_400,
        false,
        keys.rmsNorm(1e-6),
        keys.layers(attention, keys.routedBehindFirst(0)),
        moe,
        keys.width("intermediate_size", 11_008));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return LatentKeys.names(new PublishedNames(model), model);
  }
}
