package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;

/**
 * Mixtral (Jiang et al., arXiv 2401.04088): grouped-query attention, perhaps in a sliding window;
 * two of eight experts, weights normalised.
 */
final class MixtralArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 32, 131_072);
    GroupedQueryAttention attention =
        keys.attention(32, 8, 1e6).visible(keys.slidingWindow()).build();
    int experts = keys.experts(8, "num_local_experts", "num_experts");
    int width = keys.width("intermediate_size", 14_336);
    MoeConfig moe =
        MoeConfig.of(
            experts,
            keys.expertsPerToken("num_experts_per_tok", 2, experts),
            width,
            RouterConfig.softmax(true));
    return keys.model(
        modelType(),
        32_000,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(attention, layer -> true),
        moe,
        width);
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model)
        .name(Weight.ROUTER, "block_sparse_moe.gate.weight")
        .networks(Network.EXPERT, "block_sparse_moe.experts.", "w1", "w3", "w2");
  }
}
