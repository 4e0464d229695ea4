package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.DType;
import java.util.List;

/**
 * DeepSeek-V3: latent queries too, sigmoid scores with a bias that balances them, experts in
 * groups, a shared expert. Half of the groups are kept, as published; there are eight, or as many
 * as the experts can be cut into.
 */
final class DeepseekV3Family implements Family {
  private static final int SHARED = 1;
  private static final int MOST_GROUPS = 8;

  @Override
  public int firstRoutedLayer() {
    return LatentLayers.FIRST_ROUTED;
  }

  @Override
  public int kvHeads(int heads) {
    return heads;
  }

  @Override
  public void require(SyntheticSpec spec) {
    LatentLayers.require(spec);
  }

  private static int groups(SyntheticSpec spec) {
    int groups = MOST_GROUPS;
    while (groups > 1 && !fits(spec, groups)) {
      groups /= 2;
    }
    return groups;
  }

  /** Whether groups are of two experts or more, and half of them are enough for a token. */
  private static boolean fits(SyntheticSpec spec, int groups) {
    return spec.experts() % groups == 0
        && spec.experts() / groups >= 2
        && spec.expertsPerToken() <= spec.experts() / 2;
  }

  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    TensorList list = LatentLayers.attention(spec, layer, true);
    if (layer < LatentLayers.FIRST_ROUTED) {
      return LatentLayers.dense(list, spec).tensors();
    }
    list.router("mlp.gate.weight")
        .zeros("mlp.gate.e_score_correction_bias", DType.F32, spec.experts());
    return LatentLayers.experts(list, spec, SHARED).tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("DeepseekV3ForCausalLM", "deepseek_v3");
    LatentLayers.config(config, spec, true, SHARED);
    int groups = groups(spec);
    config.put("n_group", groups);
    config.put("norm_topk_prob", true);
    config.put("num_nextn_predict_layers", 0);
    config.put("routed_scaling_factor", 2.5);
    config.put("scoring_func", "sigmoid");
    config.put("topk_group", Math.max(1, groups / 2));
    config.put("topk_method", "noaux_tc");
    return config;
  }
}
