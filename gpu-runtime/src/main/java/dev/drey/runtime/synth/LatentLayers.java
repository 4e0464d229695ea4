package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What DeepSeek's families share: latent attention in the proportions of the published models, a
 * first layer without experts, shared experts.
 */
final class LatentLayers {
  /** Layers before this one have no experts. */
  static final int FIRST_ROUTED = 1;

  private LatentLayers() {}

  static void require(SyntheticSpec spec) {
    SyntheticSpec.require(
        spec.layers() > FIRST_ROUTED,
        "the first layer has no experts, so there must be at least 2 layers, not " + spec.layers());
    SyntheticSpec.require(
        spec.kvHeads() == spec.heads(),
        "latent attention has no key/value heads of their own: name %d, the query heads, or none, not %d"
            .formatted(spec.heads(), spec.kvHeads()));
    SyntheticSpec.require(
        spec.headDim() % 8 == 0,
        "half of a head is rotated, so its width must be a multiple of 8, not " + spec.headDim());
  }

  private static int rotary(SyntheticSpec spec) {
    return spec.headDim() / 2;
  }

  private static int keyRank(SyntheticSpec spec) {
    return 4 * spec.headDim();
  }

  private static int queryRank(SyntheticSpec spec) {
    return 12 * spec.headDim();
  }

  private static int dense(SyntheticSpec spec) {
    return 4 * spec.hidden();
  }

  /**
   * Starts a layer with its attention.
   *
   * @param latentQueries whether queries are compressed too
   */
  static TensorList attention(SyntheticSpec spec, int layer, boolean latentQueries) {
    int hidden = spec.hidden();
    int width = spec.headDim();
    int queries = spec.heads() * (width + rotary(spec));
    int rank = keyRank(spec);
    TensorList list = TensorList.layer(spec, layer);
    if (latentQueries) {
      list.inner("self_attn.q_a_proj.weight", queryRank(spec), hidden)
          .ones("self_attn.q_a_layernorm.weight", queryRank(spec))
          .inner("self_attn.q_b_proj.weight", queries, queryRank(spec));
    } else {
      list.inner("self_attn.q_proj.weight", queries, hidden);
    }
    return list.inner("self_attn.kv_a_proj_with_mqa.weight", rank + rotary(spec), hidden)
        .ones("self_attn.kv_a_layernorm.weight", rank)
        .inner("self_attn.kv_b_proj.weight", 2 * spec.heads() * width, rank)
        .ontoStream("self_attn.o_proj.weight", spec.heads() * width);
  }

  /** Ends a layer without experts. */
  static TensorList dense(TensorList list, SyntheticSpec spec) {
    return list.network("mlp.", dense(spec));
  }

  /** Ends a layer with experts, behind its router. */
  static TensorList experts(TensorList list, SyntheticSpec spec, int shared) {
    return list.network("mlp.shared_experts.", shared * spec.intermediate()).experts();
  }

  /**
   * Adds the keys that both families have.
   *
   * @param shared shared experts
   */
  static void config(ObjectNode config, SyntheticSpec spec, boolean latentQueries, int shared) {
    FamilyConfig.common(config, spec, 1e-6, 10_000);
    config.put("attention_bias", false);
    config.put("first_k_dense_replace", FIRST_ROUTED);
    config.put("intermediate_size", dense(spec));
    config.put("kv_lora_rank", keyRank(spec));
    config.put("moe_intermediate_size", spec.intermediate());
    config.put("moe_layer_freq", 1);
    config.put("n_routed_experts", spec.experts());
    config.put("n_shared_experts", shared);
    if (latentQueries) {
      config.put("q_lora_rank", queryRank(spec));
    } else {
      config.putNull("q_lora_rank");
    }
    config.put("qk_nope_head_dim", spec.headDim());
    config.put("qk_rope_head_dim", rotary(spec));
    config.putNull("rope_scaling");
    config.put("v_head_dim", spec.headDim());
  }
}
