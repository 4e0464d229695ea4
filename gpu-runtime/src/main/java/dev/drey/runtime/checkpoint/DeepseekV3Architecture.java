package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;

/**
 * DeepSeek-V3 (arXiv 2412.19437): latent attention; a sigmoid router that a bias balances, experts
 * in groups, a shared expert.
 */
final class DeepseekV3Architecture implements Architecture {
  @Override
  public String modelType() {
    return "deepseek_v3";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 7168, 61, 4096);
    keys.requireFullAttention();
    LatentAttention attention =
        LatentKeys.read(config, keys, 128, 1536, config.flag("rope_interleave", true));
    BalancedMoe moe = new BalancedMoe(config, keys);
    return keys.model(
        modelType(),
        129_280,
        false,
        keys.rmsNorm(1e-6),
        keys.layers(attention, keys.routedBehindFirst(3)),
        moe.read(256, 8, 2048, 1, 8, 4, 2.5, true),
        keys.width("intermediate_size", 18_432));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return LatentKeys.names(new PublishedNames(model), model)
        .furtherLayers(BalancedMoe.furtherLayers(config));
  }
}
