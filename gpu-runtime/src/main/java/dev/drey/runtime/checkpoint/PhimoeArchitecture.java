package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;

/**
 * Phi-3.5-MoE (Abdin et al., arXiv 2404.14219): layer norms with offsets, biases throughout,
 * LongRoPE, SparseMixer routing.
 */
final class PhimoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "phimoe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 32, 131_072);
    GroupedQueryAttention attention =
        keys.attention(32, 8, 1e6).visible(keys.slidingWindow()).build();
    int experts = keys.experts(16, "num_local_experts", "num_experts");
    if (config.integer("num_experts_per_tok", 2, 1, experts) != 2) {
      throw config.notImplemented("num_experts_per_tok", "2");
    }
    int width = keys.width("intermediate_size", 6400);
    MoeConfig moe =
        MoeConfig.of(
            experts,
            2,
            width,
            RouterConfig.sparseMixer(config.number("router_jitter_noise", 0.01, 0, 1)));
    NormConfig norm = new NormConfig(NormConfig.Kind.LAYER, (float) keys.epsilon(1e-5), false);
    return keys.model(
        modelType(),
        32_064,
        false,
        norm,
        Multipliers.NONE,
        config.flag("lm_head_bias", false),
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
