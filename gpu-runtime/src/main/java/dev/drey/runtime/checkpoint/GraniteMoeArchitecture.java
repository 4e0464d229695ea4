package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Multipliers;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;

/**
 * Granite 3 MoE: constant factors on embeddings, scores, residuals and logits; experts fused into
 * two tensors.
 */
final class GraniteMoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "granitemoe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 32, 2048);
    keys.requireFullAttention();
    GroupedQueryAttention attention =
        keys.attention(32, 32, 10_000)
            .scale(config.number("attention_multiplier", 1, 0, 1e6))
            .build();
    int experts = keys.experts(8, "num_local_experts", "num_experts");
    int width = keys.width("intermediate_size", 11_008);
    MoeConfig moe =
        MoeConfig.of(
            experts,
            keys.expertsPerToken("num_experts_per_tok", 2, experts),
            width,
            RouterConfig.softmax(true));
    Multipliers multipliers =
        new Multipliers(
            (float) config.number("embedding_multiplier", 1, 0, 1e6),
            (float) config.number("residual_multiplier", 1, 0, 1e6),
            (float) (1 / config.number("logits_scaling", 1, 1e-6, 1e6)));
    return keys.model(
        modelType(),
        32_000,
        false,
        keys.rmsNorm(1e-6),
        multipliers,
        false,
        keys.layers(attention, layer -> true),
        moe,
        width);
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    String prefix = "block_sparse_moe.";
    return new PublishedNames(model)
        .name(Weight.ROUTER, prefix + "router.layer.weight")
        .fusedExperts(prefix + "input_linear.weight", prefix + "output_linear.weight");
  }
}
