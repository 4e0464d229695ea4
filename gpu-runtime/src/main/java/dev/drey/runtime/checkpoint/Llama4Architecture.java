package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.QueryTemperature;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Llama 4: attention in chunks with rotated heads, every fourth layer over everything without
 * positions; one expert per token, its weight on the input, beside a shared one.
 */
final class Llama4Architecture implements Architecture {
  @Override
  public String modelType() {
    return "llama4_text";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 5120, 48, 131_072);
    int heads = keys.heads(40);
    int headDim = config.integer("head_dim", 128, 1, 1 << 16);
    boolean bias = config.flag("attention_bias", false);
    int chunk = config.integer("attention_chunk_size", 8192, 1, Integer.MAX_VALUE);
    GroupedQueryAttention.Builder attention =
        GroupedQueryAttention.of(
                heads,
                keys.kvHeads(heads, 8),
                headDim,
                keys.rotary().read(headDim, 500_000, 1, true))
            .bias(bias, bias);
    GroupedQueryAttention everywhere = attention.withoutRotary(temperature(config)).build();
    GroupedQueryAttention chunked =
        GroupedQueryAttention.of(
                heads, everywhere.kvHeads(), headDim, keys.rotary().read(headDim, 500_000, 1, true))
            .bias(bias, bias)
            .qkNorm(config.flag("use_qk_norm", true) ? QkNorm.UNIT_AFTER_ROTARY : QkNorm.NONE)
            .visible(KeyRange.chunked(chunk))
            .build();
    int experts = keys.experts(16, "num_local_experts", "num_experts");
    int width = keys.width("intermediate_size", 8192);
    MoeConfig moe =
        MoeConfig.of(
                experts,
                keys.expertsPerToken("num_experts_per_tok", 1, experts),
                width,
                RouterConfig.sigmoid(false))
            .withScaledInput()
            .withShared(width, false);
    List<Integer> rotated = config.integers("no_rope_layers", 0, 1);
    int interval = config.integer("no_rope_layer_interval", 4, 1, Integer.MAX_VALUE);
    if (!rotated.isEmpty() && rotated.size() < keys.layers()) {
      throw config.refuse("no_rope_layers", keys.layers() + " values", "Correct the value.");
    }
    List<Integer> routed = config.integers("moe_layers", 0, keys.layers() - 1);
    int step = config.integer("interleave_moe_layer_step", 1, 1, Integer.MAX_VALUE);
    return keys.model(
        modelType(),
        202_048,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(
            layer ->
                (rotated.isEmpty() ? (layer + 1) % interval != 0 : rotated.get(layer) == 1)
                    ? chunked
                    : everywhere,
            layer -> routed.isEmpty() ? (layer + 1) % step == 0 : routed.contains(layer)),
        moe,
        keys.width("intermediate_size_mlp", 16_384));
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    String prefix = "feed_forward.";
    return new PublishedNames(model)
        .name(Weight.ROUTER, prefix + "router.weight")
        .networks(Network.DENSE, prefix)
        .networks(Network.SHARED, prefix + "shared_expert.")
        .turnedExperts(prefix + "experts.gate_up_proj", prefix + "experts.down_proj", false);
  }

  private static @Nullable QueryTemperature temperature(JsonConfig config) {
    if (!config.flag("attn_temperature_tuning", true)) {
      return null;
    }
    return new QueryTemperature(
        config.number("floor_scale", 8192, 1, 1e12), config.number("attn_scale", 0.1, 0, 1e6));
  }
}
