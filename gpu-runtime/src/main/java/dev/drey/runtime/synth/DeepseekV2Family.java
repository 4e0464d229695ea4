package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** DeepSeek-V2 as V2-Lite is published: queries as they are, experts not in groups, two shared. */
final class DeepseekV2Family implements Family {
  private static final int SHARED = 2;

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

  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    TensorList list = LatentLayers.attention(spec, layer, false);
    if (layer < LatentLayers.FIRST_ROUTED) {
      return LatentLayers.dense(list, spec).tensors();
    }
    return LatentLayers.experts(list.router("mlp.gate.weight"), spec, SHARED).tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("DeepseekV2ForCausalLM", "deepseek_v2");
    LatentLayers.config(config, spec, false, SHARED);
    config.put("n_group", 1);
    config.put("norm_topk_prob", false);
    config.put("routed_scaling_factor", 1.0);
    config.put("scoring_func", "softmax");
    config.put("topk_group", 1);
    config.put("topk_method", "greedy");
    return config;
  }
}
