package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;

/** Latent attention as DeepSeek publishes it. */
final class LatentKeys {
  private static final String QUERY = "self_attn.q_proj.weight";
  private static final String QUERY_UP = "self_attn.q_b_proj.weight";
  private static final String KV_DOWN = "self_attn.kv_a_proj_with_mqa.";
  private static final String KV_UP = "self_attn.kv_b_proj.weight";

  private LatentKeys() {}

  /**
   * Reads it.
   *
   * @param heads {@code num_attention_heads} where it is absent
   * @param queryRank {@code q_lora_rank} where it is absent; null in the file means none
   * @param interleaved whether neighbours are rotated against each other
   */
  static LatentAttention read(
      JsonConfig config, ModelKeys keys, int heads, int queryRank, boolean interleaved) {
    int plain = keys.width("qk_nope_head_dim", 128);
    int rotary = keys.width("qk_rope_head_dim", 64);
    RotaryKeys positions = keys.rotary();
    return new LatentAttention(
        keys.heads(heads),
        config.isNull("q_lora_rank") ? 0 : keys.width("q_lora_rank", queryRank),
        keys.width("kv_lora_rank", 512),
        plain,
        rotary,
        keys.width("v_head_dim", 128),
        positions.latentScale() / Math.sqrt(plain + rotary),
        positions.read(rotary, 10_000, 1, interleaved),
        config.flag("attention_bias", false));
  }

  /** Adds the names of its weights. */
  static PublishedNames names(PublishedNames names, ModelConfig model) {
    if (!(model.attention(0) instanceof LatentAttention latent)) {
      throw new IllegalArgumentException(model.architecture() + " without latent attention");
    }
    int query = latent.plainDim() + latent.rotaryDim();
    int up = latent.plainDim() + latent.valueWidth();
    int heads = latent.heads();
    int rank = latent.kvRank();
    int down = rank + latent.rotaryDim();
    String queries = latent.queryRank() > 0 ? QUERY_UP : QUERY;
    return names
        .name(Weight.QUERY_LATENT, "self_attn.q_a_proj.weight")
        .name(Weight.QUERY_LATENT_BIAS, "self_attn.q_a_proj.bias")
        .name(Weight.QUERY_LATENT_NORM, "self_attn.q_a_layernorm.weight")
        .rows(Weight.QUERY_PLAIN, queries, heads * query, 0, latent.plainDim(), query)
        .rows(
            Weight.QUERY_ROTARY,
            queries,
            heads * query,
            latent.plainDim(),
            latent.rotaryDim(),
            query)
        .rows(Weight.KV_LATENT, KV_DOWN + "weight", down, 0, rank, down)
        .rows(Weight.KV_LATENT_BIAS, KV_DOWN + "bias", down, 0, rank, down)
        .rows(Weight.KEY_ROTARY, KV_DOWN + "weight", down, rank, latent.rotaryDim(), down)
        .rows(Weight.KEY_ROTARY_BIAS, KV_DOWN + "bias", down, rank, latent.rotaryDim(), down)
        .name(Weight.KV_LATENT_NORM, "self_attn.kv_a_layernorm.weight")
        .rows(Weight.VALUE_IMAGE, KV_UP, heads * up, latent.plainDim(), latent.valueWidth(), up)
        .rule(
            Weight.KEY_IMAGE,
            (layer, weight) ->
                new StoredAs(
                    layer + KV_UP,
                    new long[] {(long) heads * up, rank},
                    new Placement(0, rank, (long) up * rank, 1, rank)));
  }
}
