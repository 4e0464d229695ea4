package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import java.util.BitSet;

/**
 * Qwen3-MoE: grouped-query attention with a norm per query and key head, a softmax router, SwiGLU
 * experts, optionally layers without experts.
 *
 * <p>Keys and defaults: {@code Qwen3MoeConfig} of Hugging Face transformers, in the style of
 * published checkpoints ({@code rope_theta}, {@code rope_scaling}) and in that of transformers 5
 * ({@code rope_parameters}).
 */
final class Qwen3MoeArchitecture implements Architecture {
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_EXPERTS = 1 << 16;
  private static final int MAX_VOCABULARY = 1 << 24;

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public ModelConfig read(JsonConfig config) {
    refuseWhatIsNotImplemented(config);
    int hidden = config.integer("hidden_size", 2048, 1, MAX_WIDTH);
    int layers = config.integer("num_hidden_layers", 24, 1, MAX_LAYERS);
    return new ModelConfig(
        modelType(),
        config.integer("vocab_size", 151_936, 1, MAX_VOCABULARY),
        hidden,
        layers,
        config.integer("max_position_embeddings", 32_768, 1, Integer.MAX_VALUE),
        (float) config.number("rms_norm_eps", 1e-6, Float.MIN_NORMAL, 1),
        config.flag("tie_word_embeddings", false),
        attention(config, hidden),
        experts(config),
        denseLayers(config, layers),
        config.integer("intermediate_size", 6144, 1, MAX_WIDTH));
  }

  private static void refuseWhatIsNotImplemented(JsonConfig config) {
    if (config.has("architectures")
        && !config.texts("architectures").contains("Qwen3MoeForCausalLM")) {
      throw config.notImplemented("architectures", "['Qwen3MoeForCausalLM']");
    }
    config.requireAbsent("quantization_config");
    config.requireText("hidden_act", "silu");
    config.requireFlag("attention_bias", false);
    config.requireFlag("use_sliding_window", false);
    for (String layer : config.texts("layer_types")) {
      if (!layer.equals("full_attention")) {
        throw config.notImplemented("layer_types", "'full_attention' for every layer");
      }
    }
  }

  private static AttentionConfig attention(JsonConfig config, int hidden) {
    int heads = config.integer("num_attention_heads", 32, 1, 1 << 12);
    int kvHeads = config.integer("num_key_value_heads", 4, 1, heads);
    if (heads % kvHeads != 0) {
      throw config.refuse(
          "num_key_value_heads",
          "a divisor of the " + heads + " attention heads",
          "Correct the value.");
    }
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.refuse(
          "head_dim",
          "a value, as hidden_size " + hidden + " is no multiple of " + heads + " heads",
          "Add the key.");
    }
    int headDim = config.integer("head_dim", hidden / heads, 2, 1 << 16);
    if (headDim % 2 != 0) {
      throw config.refuse(
          "head_dim", "an even number, for the rotary embedding", "Correct the value.");
    }
    return new AttentionConfig(heads, kvHeads, headDim, true, ropeTheta(config));
  }

  private static double ropeTheta(JsonConfig config) {
    double theta = config.number("rope_theta", 10_000, 1, 1e18);
    for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
      if (config.object(key).isPresent()) {
        JsonConfig rope = config.object(key).get();
        if (!rope.has("rope_type") && !rope.has("type") && key.equals("rope_scaling")) {
          throw config.notImplemented(key, "no value");
        }
        rope.requireText("rope_type", "default");
        rope.requireText("type", "default");
        if (rope.number("partial_rotary_factor", 1, 0, 1) != 1) {
          throw rope.notImplemented("partial_rotary_factor", "1");
        }
        theta = rope.number("rope_theta", theta, 1, 1e18);
      }
    }
    return theta;
  }

  private static MoeConfig experts(JsonConfig config) {
    // transformers 5 also writes the number of experts under the name other architectures use.
    int published = config.integer("num_local_experts", 128, 1, MAX_EXPERTS);
    int experts = config.integer("num_experts", published, 1, MAX_EXPERTS);
    if (config.has("num_local_experts") && published != experts) {
      throw config.refuse(
          "num_local_experts", "the " + experts + " of num_experts", "Correct one of the two.");
    }
    return new MoeConfig(
        experts,
        config.integer("num_experts_per_tok", Math.min(8, experts), 1, experts),
        config.integer("moe_intermediate_size", 768, 1, MAX_WIDTH),
        config.flag("norm_topk_prob", false));
  }

  /** Layers with experts are every {@code decoder_sparse_step}-th, less {@code mlp_only_layers}. */
  private static BitSet denseLayers(JsonConfig config, int layers) {
    int sparseStep = config.integer("decoder_sparse_step", 1, 1, Integer.MAX_VALUE);
    BitSet dense = new BitSet(layers);
    for (int layer = 0; layer < layers; layer++) {
      dense.set(layer, (layer + 1) % sparseStep != 0);
    }
    config.integers("mlp_only_layers", 0, layers - 1).forEach(dense::set);
    if (dense.cardinality() == layers) {
      throw config.refuse(
          config.has("mlp_only_layers") ? "mlp_only_layers" : "decoder_sparse_step",
          "at least one layer with experts",
          "Models without experts are not supported.");
    }
    return dense;
  }

  @Override
  public TensorNames names(ModelConfig config) {
    return new Names(config.tiedEmbeddings());
  }

  /**
   * Names as published.
   *
   * @param tied whether the output projection is the embedding; some checkpoints store it all the
   *     same
   */
  private record Names(boolean tied) implements TensorNames {
    @Override
    public String embedding() {
      return "model.embed_tokens.weight";
    }

    @Override
    public String finalNorm() {
      return "model.norm.weight";
    }

    @Override
    public String outputProjection() {
      return "lm_head.weight";
    }

    @Override
    public LayerNames layer(int layer) {
      String prefix = "model.layers." + layer + ".";
      String attention = prefix + "self_attn.";
      return new LayerNames(
          prefix + "input_layernorm.weight",
          attention + "q_proj.weight",
          attention + "k_proj.weight",
          attention + "v_proj.weight",
          attention + "o_proj.weight",
          attention + "q_norm.weight",
          attention + "k_norm.weight",
          prefix + "post_attention_layernorm.weight",
          prefix + "mlp.gate.weight");
    }

    @Override
    public ExpertNames dense(int layer) {
      return expert("model.layers." + layer + ".mlp.");
    }

    @Override
    public ExpertNames expert(ExpertId id) {
      return expert("model.layers." + id.layer() + ".mlp.experts." + id.index() + ".");
    }

    private static ExpertNames expert(String prefix) {
      return new ExpertNames(
          prefix + "gate_proj.weight", prefix + "up_proj.weight", prefix + "down_proj.weight");
    }

    @Override
    public boolean isSuperfluous(String tensor) {
      return (tied && tensor.equals(outputProjection())) || tensor.endsWith(".rotary_emb.inv_freq");
    }
  }
}
