package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.model.Weight;
import java.util.List;

/**
 * Hunyuan-A13B: queries and keys normalised after the rotary embedding, NTK scaling with a fixed
 * alpha, one shared expert.
 */
final class HunYuanMoeArchitecture implements Architecture {
  @Override
  public String modelType() {
    return "hunyuan_v1_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    ModelKeys keys = new ModelKeys(config, 4096, 32, 2048);
    keys.requireFullAttention();
    config.requireFlag("use_qk_norm", true);
    config.requireFlag("use_mixed_mlp_moe", true);
    config.requireFlag("norm_topk_prob", true);
    config.requireFlag("use_cla", false);
    GroupedQueryAttention attention =
        keys.attention(32, 32, 10_000).qkNorm(QkNorm.HEAD_AFTER_ROTARY).build();
    int experts = keys.experts(1, "num_experts", "num_local_experts");
    int width = same(config, "moe_intermediate_size", keys.width("intermediate_size", 11_008));
    int shared = same(config, "num_shared_expert", 1);
    MoeConfig moe =
        MoeConfig.of(experts, expertsPerToken(config, experts), width, RouterConfig.softmax(true))
            .withShared(shared * width, false);
    return keys.model(
        modelType(),
        290_943,
        false,
        keys.rmsNorm(1e-5),
        keys.layers(attention, layer -> true),
        moe,
        width);
  }

  @Override
  public TensorNames names(ModelConfig model, JsonConfig config) {
    return new PublishedNames(model)
        .name(Weight.QUERY_NORM, "self_attn.query_layernorm.weight")
        .name(Weight.KEY_NORM, "self_attn.key_layernorm.weight")
        .name(Weight.ROUTER, "mlp.gate.wg.weight")
        .networks(Network.SHARED, "mlp.shared_mlp.");
  }

  private static int expertsPerToken(JsonConfig config, int experts) {
    int k = same(config, "moe_topk", 1);
    if (k > experts) {
      throw config.refuse("moe_topk", "a whole number from 1 to " + experts, "Correct the value.");
    }
    return k;
  }

  /** A number, or one per layer that must all be the same. */
  private static int same(JsonConfig config, String key, int whenAbsent) {
    List<Integer> values = config.integers(key, 1, 1 << 20);
    if (values.stream().distinct().count() > 1) {
      throw config.notImplemented(key, "the same number for every layer");
    }
    return values.isEmpty() ? whenAbsent : values.get(0);
  }
}
