package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.QkNorm;

/** GLM-4.5: grouped-query attention over partly rotated heads, DeepSeek-V3's router. */
final class Glm4MoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "glm4_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 46, 131_072);
    keys.requireFullAttention();
    int heads = keys.heads(96);
    int headDim = keys.headDim(heads);
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(
                heads,
                keys.kvHeads(heads, 8),
                headDim,
                keys.rotary().read(headDim, 10_000, 0.5, false))
            .bias(config.flag("attention_bias", false), false)
            .qkNorm(config.flag("use_qk_norm", false) ? QkNorm.HEAD : QkNorm.NONE)
            .build();
    BalancedMoe moe = new BalancedMoe(config, keys);
    return keys.model(
        modelType(),
        151_552,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(attention, keys.routedBehindFirst(1)),
        moe.read(128, 8, 1408, 1, 1, 1, 1, true),
        keys.width("intermediate_size", 10_944));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model).furtherLayers(BalancedMoe.furtherLayers(config));
  }
}
