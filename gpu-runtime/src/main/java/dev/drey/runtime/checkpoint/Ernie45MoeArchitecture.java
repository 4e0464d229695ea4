package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;

/**
 * ERNIE 4.5: neighbours rotated against each other, a softmax router whose choice a bias balances,
 * shared experts.
 */
final class Ernie45MoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "ernie4_5_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 2560, 28, 131_072);
    keys.requireFullAttention();
    config.requireFlag("use_bias", false);
    int heads = keys.heads(20);
    int headDim = keys.headDim(heads);
    GroupedQueryAttention attention =
        GroupedQueryAttention.of(
                heads,
                keys.kvHeads(heads, 4),
                headDim,
                keys.rotary().read(headDim, 500_000, 1, true))
            .build();
    int experts = keys.experts(64, "moe_num_experts", "num_experts");
    int width = keys.width("moe_intermediate_size", 1536);
    MoeConfig moe =
        MoeConfig.of(
                experts,
                keys.expertsPerToken("moe_k", 6, experts),
                width,
                RouterConfig.softmax(true).withChoiceBias())
            .withShared(keys.optionalWidth("moe_num_shared_experts", 2) * width, false);
    int start = config.integer("moe_layer_start_index", 1, 0, Integer.MAX_VALUE);
    int named = config.integer("moe_layer_end_index", -1, -1, Integer.MAX_VALUE);
    int end = named < 0 ? keys.layers() - 1 : named;
    int interval = config.integer("moe_layer_interval", 1, 1, Integer.MAX_VALUE);
    return keys.model(
        modelType(),
        103_424,
        true,
        keys.rmsNorm(1e-5),
        keys.layers(
            attention, layer -> layer >= start && layer <= end && (layer + 1) % interval == 0),
        moe,
        keys.width("intermediate_size", 12_288));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model)
        .rule(
            Weight.CHOICE_BIAS,
            (layer, weight) ->
                new StoredAs(
                    layer + "mlp.moe_statics.e_score_correction_bias",
                    new long[] {1, weight.outputs()},
                    Placement.rowMajor(1)));
  }
}
